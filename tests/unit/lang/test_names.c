/* unit/lang/test_names.c - golden errors: for each faulty text the code, the place, the message and
 * the hint. The error table of docs/language.md is tested by test_docs.c. */
#include <string.h>

#include "lang_support.h"
#include "support/check_main.h"

static const struct golden {
    const char *text;
    seg_status status;
    int64_t offset, length;
    const char *message, *hint;
} goldens[] = {
    {"did \"Order Completed\" where total > 20 and vip", SEG_E_SYNTAX, 22, 5,
     "\"where\" needs parentheses", "where (total > 20)"},
    {"country = DE", SEG_E_UNKNOWN_NAME, 10, 2, "unknown attribute \"DE\"",
     "did you mean the text \"DE\"?"},
    {"seats => 5", SEG_E_SYNTAX, 6, 2, "there is no \"=>\" in this language", "use >="},
    {"seats == 5", SEG_E_SYNTAX, 6, 2, "there is no \"==\" in this language", "use ="},
    {"vip && vip", SEG_E_SYNTAX, 4, 2, "there is no \"&&\" in this language", "use and"},
    {"vip || vip", SEG_E_SYNTAX, 4, 2, "there is no \"||\" in this language", "use or"},
    {"plan = 'x'", SEG_E_SYNTAX, 7, 3, "texts stand in double quotes here", "write \"x\""},
    {"plan <> \"x\"", SEG_E_SYNTAX, 5, 2, "there is no \"<>\" in this language", "use !="},
    {"! vip", SEG_E_SYNTAX, 0, 1, "there is no \"!\" in this language", "use not"},
    {"did login at least three times", SEG_E_SYNTAX, 19, 5, "numbers are written in digits",
     "write the number: 3"},
    {"did \"Order Complete\"", SEG_E_UNKNOWN_NAME, 4, 16, "unknown event \"Order Complete\"",
     "did you mean \"Order Completed\"?"},
    {"did order_completed", SEG_E_UNKNOWN_NAME, 4, 15, "unknown event \"order_completed\"",
     "did you mean \"Order Completed\"?"},
    {"did \"Oder Completed\"", SEG_E_UNKNOWN_NAME, 4, 16, "unknown event \"Oder Completed\"",
     "did you mean \"Order Completed\"?"},
    {"did \"Purchase\"", SEG_E_UNKNOWN_NAME, 4, 10, "unknown event \"Purchase\"",
     "events here: \"Signed Up\", \"Order Completed\", \"Product Viewed\", \"Session Started\", "
     "\"Plan "
     "Changed\", \"Project Created\", \"Password Reset\", \"App Opened\", \"login\""},
    {"sum(total) of \"Order Completed\" >= \"50\"", SEG_E_TYPE, 0, 39,
     "cannot compare a number with a text", "remove the quotes"},
    {"did \"Order Completed\" where (total >= \"50\")", SEG_E_TYPE, 38, 4,
     "\"total\" is a number, and \"50\" is not", "remove the quotes"},
    {"did login in last 30", SEG_E_SYNTAX, 10, 10, "a unit of time is missing after the number",
     "in last 30 days?"},
    {"did login in last 30 dasy", SEG_E_SYNTAX, 21, 4, "unknown unit \"dasy\"",
     "did you mean \"days\"?"},
    {"did login in last 3 moths", SEG_E_SYNTAX, 20, 5, "unknown unit \"moths\"",
     "did you mean \"months\"?"},
    {"(vip and (seats > 3", SEG_E_SYNTAX, 9, 1, "the ( that opens here is never closed",
     "add a ) where the group ends"},
    {"vip)", SEG_E_SYNTAX, 3, 1, "this ) closes nothing", ""},
    {"vip seats", SEG_E_SYNTAX, 4, 5, "seats does not fit here", "join conditions with and, or"},
    {"first login", SEG_E_SYNTAX, 0, 11, "when the occurrence was is missing",
     "first login in last 30 days"},
    {"did login 3 times", SEG_E_SYNTAX, 10, 1, "at least, at most or exactly so many times?",
     "at least 3 times, or: exactly 3 times"},
    {"did login at least 3", SEG_E_SYNTAX, 10, 10, "the word \"times\" is missing after the number",
     "at least 3 times"},
    {"did login once", SEG_E_SYNTAX, 10, 4, "\"once\" can be read in two ways",
     "\"exactly 1 time\" or \"at least 1 time\""},
    {"countr = \"DE\"", SEG_E_UNKNOWN_NAME, 0, 6, "unknown attribute \"countr\"",
     "did you mean \"country\"?"},
    {"did country today", SEG_E_UNKNOWN_NAME, 4, 7, "unknown event \"country\"",
     "\"country\" is an attribute: test it as in country = ..., without did"},
    {"login = 3", SEG_E_UNKNOWN_NAME, 0, 5, "unknown attribute \"login\"",
     "\"login\" is an event: did \"login\""},
    {"did \"Order Completed\" where (cuurency = \"x\")", SEG_E_UNKNOWN_NAME, 29, 8,
     "event \"Order Completed\" has no property \"cuurency\"", "did you mean \"currency\"?"},
    {"did \"Order Completed\" where (plan = \"x\")", SEG_E_UNKNOWN_NAME, 29, 4,
     "event \"Order Completed\" has no property \"plan\"",
     "\"plan\" is an attribute of users: test it outside of where"},
    {"did \"Order Completed\" where (category = shoes)", SEG_E_UNKNOWN_NAME, 40, 5,
     "event \"Order Completed\" has no property \"shoes\"", "did you mean the text \"shoes\"?"},
    {"tags = \"x\"", SEG_E_TYPE, 7, 3, "\"tags\" is a set of texts, and \"x\" is not",
     "ask what is in the set: has \"x\""},
    {"home = \"x\"", SEG_E_TYPE, 7, 3, "\"home\" is a place, and \"x\" is not",
     "ask for the distance: within 25 km of point(52.52, 13.405)"},
    {"plan = 5", SEG_E_TYPE, 7, 1, "\"plan\" is a text, and 5 is not",
     "put quotes around it: \"5\""},
    {"vip = \"yes\"", SEG_E_TYPE, 6, 5, "\"vip\" is true or false, and \"yes\" is not",
     "write true or false"},
    {"vip > true", SEG_E_TYPE, 0, 10, "true and false have no order: use = or !=", ""},
    {"seats + plan > 3", SEG_E_TYPE, 0, 12, "cannot add a whole number and a text", ""},
    {"1 < seats < 5", SEG_E_SYNTAX, 10, 1, "comparisons do not chain",
     "a > 1 and a < 5, or: a between 1 and 5"},
    {"signed_up > birthday", SEG_E_TYPE, 0, 20, "cannot compare an instant with a date", ""},
    {"birthday > 2026-01-01T10:00:00Z", SEG_E_TYPE, 0, 31, "cannot compare a date with an instant",
     "a date has no time of day: compare with a date such as 2026-01-31"},
    {"birthday in last 3 hours", SEG_E_TYPE, 0, 24,
     "a date has no time of day: ask in days or longer units", ""},
    {"signed_up in (2026-01-01)", SEG_E_TYPE, 14, 10, "a list of instants needs instants",
     "with a date use =, or between two dates"},
    {"did login in next 3 days", SEG_E_TYPE, 10, 14,
     "events lie in the past: \"in next\" is for attributes", ""},
    {"plan in \"pro\"", SEG_E_SYNTAX, 8, 5, "\"in\" needs a list in parentheses", "in (\"pro\")"},
    {"tags in (\"a\")", SEG_E_TYPE, 0, 13, "a set of texts is in no list of values",
     "ask what is in the set: has any (\"a\", \"b\")"},
    {"plan has \"a\"", SEG_E_TYPE, 0, 4, "\"has\" is asked of a set of texts, and this is a text",
     "for a text use = or in (...)"},
    {"@hour > 3", SEG_E_TYPE, 0, 5,
     "@ names belong to events: they stand inside where and in aggregates", ""},
    {"did login where (@hourr = 3)", SEG_E_SYNTAX, 17, 6, "unknown \"@hourr\"",
     "there are @time, @date, @hour, @weekday, @day, @month, @year, and of sessions @duration "
     "and @count"},
    {"did login where (@weekday = \"mo\")", SEG_E_TYPE, 28, 4, "\"mo\" is no day of the week",
     "mon, tue, wed, thu, fri, sat, sun or 1 (Monday) to 7 (Sunday)"},
    {"did login where (did login)", SEG_E_TYPE, 17, 9,
     "other events cannot be asked for inside where",
     "inside where stand conditions on the properties of the one event; join this with and outside "
     "of the parentheses"},
    {"did login where (count of login > 3)", SEG_E_TYPE, 17, 14,
     "counts, sums and the like cannot stand inside where",
     "inside where stand conditions on the properties of the one event"},
    {"did login where (in segment \"x\")", SEG_E_TYPE, 17, 14,
     "segments cannot be asked for inside where",
     "inside where stand conditions on the properties of the one event; join this with and outside "
     "of the parentheses"},
    {"in segment \"x\"", SEG_E_UNKNOWN_NAME, 0, 14, "unknown segment \"x\"", ""},
    {"using timezone \"Europe/Berlni\": vip", SEG_E_UNKNOWN_NAME, 15, 15,
     "there is no time zone named \"Europe/Berlni\"",
     "use a name of the IANA database, for example Europe/Berlin"},
    {"using timezone Europe/Berlin: vip", SEG_E_SYNTAX, 15, 6,
     "the time zone stands in double quotes", "\"Europe/Berlin\""},
    {"did login tz \"UTC\"", SEG_E_SYNTAX, 10, 2, "\"tz\" follows a time span",
     "ever tz \"Europe/Berlin\""},
    {"$x = $y", SEG_E_TYPE, 0, 2, "what $x is cannot be seen from here", ""},
    {"plan = $x and seats = $x", SEG_E_TYPE, 22, 2,
     "$x is a whole number here and a text in an earlier place", ""},
    {"plan in $x and plan = $x", SEG_E_TYPE, 22, 2,
     "$x is a text here and a list of a text in an earlier place", ""},
    {"did login between 2026-02-01 and 2026-01-01", SEG_E_TYPE, 10, 33,
     "the span ends before it begins", ""},
    {"did login at least 3 days", SEG_E_SYNTAX, 10, 10, "different days, or how often?",
     "on at least 3 days, or: at least 3 times"},
    {"did login in last 30 days at least 3 times", SEG_E_SYNTAX, 26, 2,
     "how often stands before the time span", "did \"event\" at least 2 times in last 30 days"},
    {"did login in last 30 days where (x = 1)", SEG_E_SYNTAX, 26, 5,
     "\"where\" stands right after the event",
     "did \"event\" where (...) at least 2 times in last 30 days"},
    {"did login within 14 days after \"Signed Up\"", SEG_E_SYNTAX, 31, 11,
     "which occurrence of the event is meant?", "first \"Signed Up\" or last \"Signed Up\""},
    {"seats > 12345678901234567890", SEG_E_SYNTAX, 8, 20,
     "this number has too many digits to be exact",
     "with an exponent (1.5e30) it is taken approximately"},
    {"seats > 30d", SEG_E_SYNTAX, 8, 3, "a number and a word need a blank between", "30 days"},
    {"plan = \"abc", SEG_E_SYNTAX, 7, 1, "the text that starts here is not closed", ""},
    {"plan = \"a\\q\"", SEG_E_SYNTAX, 9, 2, "no such escape in a text",
     "there are \\\" \\\\ \\` \\/ \\n \\t \\r and \\uXXXX; a backslash itself is \\\\"},
    {"plan is \"x\"", SEG_E_SYNTAX, 8, 3, "expected set, null or absent instead of \"x\"",
     "write = \"x\""},
    {"plan not contains \"x\"", SEG_E_SYNTAX, 5, 3,
     "\"not\" stands in front of the whole condition", "not (... contains ...)"},
    {"plan", SEG_E_TYPE, 0, 4, "a condition is wanted here, and this is a text",
     "compare it, or ask: plan is set"},
    {"did", SEG_E_SYNTAX, 3, 0, "the text ends where the name of an event should stand", ""},
    {"seats >", SEG_E_SYNTAX, 7, 0, "the text ends where a condition or a value should stand", ""},
    {"in segment foo", SEG_E_SYNTAX, 11, 3,
     "expected the segment's name in double quotes instead of foo", "in segment \"name\""},
    {"count(login) > 3", SEG_E_SYNTAX, 5, 1, "\"count\" takes no parentheses", "count of login"},
    {"frobnicate(seats) > 3", SEG_E_SYNTAX, 0, 10, "unknown function \"frobnicate\"", ""},
    {"signed_up between 2026-13-01 and 2026-01-01", SEG_E_SYNTAX, 18, 10,
     "there is no such date or time",
     "dates look like 2026-01-31, instants like 2026-01-31T18:30:00Z or 2026-01-31T18:30+01:00"},
    {"did login fewer than 0 times", SEG_E_TYPE, 10, 18, "nothing happens fewer than 0 times", ""},
    {"at least 2 vip", SEG_E_SYNTAX, 11, 3,
     "expected \"of\" and a list in parentheses instead of vip",
     "at least 2 of (a = 1, b = 2, c = 3)"},
    {"seats in top 101%", SEG_E_SYNTAX, 13, 3, "101% is no percentage from 0% to 100%", ""},
    {"home inside polygon(0 170, 0 -170, 10 -170)", SEG_E_SYNTAX, 20, 22,
     "a polygon may not cross the 180th meridian", "split it there into two polygons"},
    {"home inside polygon(0 170, 91 -170, 10 -170)", SEG_E_SYNTAX, 27, 7,
     "latitudes lie within 90 degrees, longitudes within 180",
     "latitude first, then longitude: point(52.52, 13.405)"},
    {"seats / 0 > 3", SEG_E_TYPE, 8, 1, "a division by zero", ""},
    {"-signed_up > 3", SEG_E_TYPE, 0, 10, "the negative of an instant is nothing", ""},
    {"mode(category, ties all) of \"Order Completed\" > \"a\"", SEG_E_TYPE, 0, 45,
     "a mode with all of its ties goes with =, != and in only", ""},
    {"plan = \342\200\234x\342\200\235", SEG_E_SYNTAX, 7, 3,
     "there is no \"\342\200\234\" in this language", "use straight quotes: \""},
    {"seats \342\211\245 3", SEG_E_SYNTAX, 6, 3, "there is no \"\342\211\245\" in this language",
     "use >="},
    {"did any of (\"Order Completed\", \"Plan Changed\") where (plan = currency and plan = total)",
     SEG_E_TYPE, 74, 12, "cannot compare a text with a number", ""},
    {"vip and", SEG_E_SYNTAX, 7, 0, "the text ends where a condition or a value should stand", ""},
    {"vip adn plan = \"x\"", SEG_E_SYNTAX, 4, 3, "\"adn\" does not fit here",
     "did you mean \"and\"?"},
    {"seats > 5 dasy", SEG_E_SYNTAX, 10, 4, "unknown unit \"dasy\"", "did you mean \"days\"?"},
    {"now - signed_up > 1 month", SEG_E_TYPE, 18, 7, "a month has no fixed length",
     "compare with days, or move an instant by it: created + 1 month"},
    {"signed_up + 5 > now", SEG_E_TYPE, 0, 13, "cannot add an instant and a whole number",
     "add a length of time: now - 30 days"},
    {"did `login`", SEG_E_SYNTAX, 4, 7, "events stand in double quotes", "\"Order Completed\""},
    {"did $x", SEG_E_SYNTAX, 4, 2, "a parameter cannot stand for an event", ""},
    {"everyone plan", SEG_E_SYNTAX, 9, 4, "plan does not fit here", "join conditions with and, or"},
    {"did any of (\"Order Completed\", \"Product Viewed\") where (total > 3)", SEG_E_TYPE, 56, 5,
     "\"total\" is a decimal(2) in \"Order Completed\" and a float in \"Product Viewed\"",
     "test the two events on their own, joined with or"},
    {"did any of (login, \"App Opened\") where (total > 3)", SEG_E_UNKNOWN_NAME, 40, 5,
     "none of these events has a property \"total\"", ""},
    {"did \"Order Completed\" where (seats > 3)", SEG_E_UNKNOWN_NAME, 29, 5,
     "event \"Order Completed\" has no property \"seats\"",
     "\"seats\" is an attribute of users: test it outside of where"},
    {"did \"Order Completed\" where (deliver_on in last 3 days or paid_at in last 3 hours or "
     "nonsense)",
     SEG_E_UNKNOWN_NAME, 85, 8, "event \"Order Completed\" has no property \"nonsense\"",
     "properties of it: \"total\", \"currency\", \"category\", \"coupon\", \"items\", \"gift\", "
     "\"deliver_on\", \"paid_at\", \"shop\""},
    {"plan = DE", SEG_E_UNKNOWN_NAME, 7, 2, "unknown attribute \"DE\"",
     "did you mean the text \"DE\"?"},
    {"seats = \"5\"", SEG_E_TYPE, 8, 3, "\"seats\" is a whole number, and \"5\" is not",
     "remove the quotes"},
    {"email starts \"x\"", SEG_E_SYNTAX, 13, 3, "expected \"with\" instead of \"x\"", ""},
    {"birthday + 3 days > now", SEG_E_TYPE, 0, 17, "cannot add a date and a length of time", ""},
    {"tags has 5", SEG_E_TYPE, 9, 1, "in the set are texts, and this is a whole number",
     "put quotes around it: \"5\""},
    {"home within 5 of point(1, 2)", SEG_E_SYNTAX, 14, 2, "expected km, m or mi instead of of",
     "within 25 km of point(52.52, 13.405)"},
    {"home within 5 km of point(100, 2)", SEG_E_SYNTAX, 26, 6,
     "latitudes lie within 90 degrees, longitudes within 180",
     "latitude first, then longitude: point(52.52, 13.405)"},
    {"home inside polygon(1 1, 2 2)", SEG_E_SYNTAX, 20, 8, "a polygon has at least three corners",
     "polygon(48.1 11.5, 48.2 11.5, 48.2 11.7)"},
    {"plan contains 5", SEG_E_SYNTAX, 14, 1, "expected a text in double quotes instead of 5",
     "write \"5\""},
    {"plan matches x", SEG_E_SYNTAX, 13, 1, "expected a text in double quotes instead of x",
     "write \"x\""},
    {"size(plan) > 3", SEG_E_TYPE, 5, 4, "\"size\" counts the texts of a set, and this is a text",
     ""},
    {"sum(category) of \"Order Completed\" > 3", SEG_E_TYPE, 4, 8,
     "a sum is asked of numbers, and this is a text", ""},
    {"sum(nothing) of \"Order Completed\" > 3", SEG_E_UNKNOWN_NAME, 4, 7,
     "event \"Order Completed\" has no property \"nothing\"",
     "properties of it: \"total\", \"currency\", \"category\", \"coupon\", \"items\", \"gift\", "
     "\"deliver_on\", \"paid_at\", \"shop\""},
    {"min(category) of \"Order Completed\" > 3", SEG_E_TYPE, 4, 8,
     "a minimum or maximum is asked of numbers, and this is a text", ""},
    {"count of login in next 3 days > 3", SEG_E_TYPE, 15, 14,
     "events lie in the past: \"in next\" is for attributes", ""},
    {"percentile(total, 90) of \"Order Completed\" > 3", SEG_E_SYNTAX, 16, 4,
     "a percentile lies within 0% and 100%", "percentile(total, 90%)"},
    {"mode(category, foo) of \"Order Completed\" = \"a\"", SEG_E_SYNTAX, 15, 3,
     "expected min or ties instead of foo", "mode(category, min 3, ties none)"},
    {"nth(category, 0) of \"Order Completed\" = \"a\"", SEG_E_SYNTAX, 14, 1,
     "occurrences are counted from 1", ""},
    {"nth(0) login today", SEG_E_SYNTAX, 4, 1, "occurrences are counted from 1", ""},
    {"did login today tz \"Mars/Olympus\"", SEG_E_UNKNOWN_NAME, 19, 14,
     "there is no time zone named \"Mars/Olympus\"",
     "use a name of the IANA database, for example Europe/Berlin"},
    {"using week tuesday: vip", SEG_E_SYNTAX, 11, 7, "expected monday or sunday instead of tuesday",
     "a week starts on one of these two"},
    {"using zone \"UTC\": vip", SEG_E_SYNTAX, 6, 4, "expected timezone or week instead of zone",
     "using timezone \"Europe/Berlin\", week monday: ..."},
    {"using timezone \"UTC\" vip", SEG_E_SYNTAX, 21, 3,
     "expected a colon after the options instead of vip", ""},
    {"using timezone \"UTC\", timezone \"UTC\": vip", SEG_E_SYNTAX, 22, 8,
     "each option of \"using\" stands once", ""},
    {"did login in last 3 calendar hours", SEG_E_SYNTAX, 29, 5,
     "calendar periods are days or longer", "day, week, month, quarter, year"},
    {"did login in last days", SEG_E_SYNTAX, 18, 4, "a number is missing before the unit of time",
     "in last 1 day counts back from now, previous day is the calendar's"},
    {"did login in last 3 calendar days including", SEG_E_SYNTAX, 43, 0,
     "the text ends where \"today\" after \"including\" should stand", ""},
    {"did login from 3 days ago", SEG_E_SYNTAX, 22, 3, "expected \"ago to\" instead of ago",
     "from 60 days ago to 30 days ago"},
    {"did login since \"2026-01-01\"", SEG_E_SYNTAX, 16, 12,
     "dates and instants stand without quotes", "remove the quotes"},
    {"did login since yesterday", SEG_E_SYNTAX, 16, 9,
     "expected a date or an instant instead of yesterday", "2026-01-31 or 2026-01-31T18:00:00Z"},
    {"did login within 3 days after birthday", SEG_E_TYPE, 30, 8,
     "the span needs an instant to stand at, and this is a date", ""},
    {"did login within 3 days", SEG_E_SYNTAX, 23, 0,
     "the text ends where \"after\", \"before\" or \"of\" should stand",
     "within 14 days after first \"Signed Up\""},
    {"did login on at least 3 times", SEG_E_SYNTAX, 24, 5,
     "expected days, weeks, months, quarters or years instead of times", "on at least 5 days"},
    {"did login on at least 3 hours", SEG_E_SYNTAX, 24, 5,
     "distinct periods are days, weeks, months, quarters or years", ""},
    {"did login between 3 and 2 times", SEG_E_TYPE, 10, 21,
     "the lower bound is above the upper one", ""},
    {"never did login at least 2 times", SEG_E_SYNTAX, 16, 2, "\"never did\" takes no count",
     "did not \"event\" at least 2 times"},
    {"first login at least 2 times today", SEG_E_SYNTAX, 0, 11,
     "when the occurrence was is missing", "first login in last 30 days"},
    {"seats is 5", SEG_E_SYNTAX, 9, 1, "expected set, null or absent instead of 5", "write = 5"},
    {"seats has been 5 for 3 days", SEG_E_TYPE, 0, 5,
     "attribute \"seats\" has no history: only its present value is known",
     "an attribute keeps its history if it was defined so"},
    {"plan has been \"free\" 3 days", SEG_E_SYNTAX, 21, 1,
     "expected \"for\" and how long instead of 3", "has been \"free\" for 30 days"},
    {"plan has been free for 3 days", SEG_E_SYNTAX, 14, 4,
     "expected a value instead of the name free", "did you mean the text \"free\"?"},
    {"plan has been 5 for 3 days", SEG_E_TYPE, 14, 1, "\"plan\" is a text, and 5 is not",
     "put quotes around it: \"5\""},
    {"plan changed to \"pro\" in next 3 days", SEG_E_TYPE, 22, 14,
     "events lie in the past: \"in next\" is for attributes", ""},
    {"plan changed during occasion \"black_friday\"", SEG_E_TYPE, 13, 30,
     "an occasion is no span that this can be asked for",
     "ask dates or events: where (@date during occasion \"...\")"},
    {"count of login changed", SEG_E_TYPE, 0, 14, "only an attribute has a history", ""},
    {"seats as of 2026-01-31 > 3", SEG_E_TYPE, 0, 5,
     "attribute \"seats\" has no history: only its present value is known",
     "an attribute keeps its history if it was defined so"},
    {"plan as of 30 days = \"pro\"", SEG_E_SYNTAX, 19, 1,
     "expected \"ago\" instead of =", "as of 30 days ago, or a date: as of 2026-01-31"},
    {"plan as of yesterday = \"pro\"", SEG_E_SYNTAX, 11, 9,
     "expected a date or an instant instead of yesterday", "2026-01-31 or 2026-01-31T18:00:00Z"},
    {"did \"Plan Changed\" where (plan changed)", SEG_E_TYPE, 26, 4,
     "only an attribute has a history", ""},
    {"seats between 1 or 3", SEG_E_SYNTAX, 16, 2,
     "expected \"and\" and the higher value instead of or", "between 10 and 20"},
    {"seats in (1, two)", SEG_E_SYNTAX, 13, 3, "expected a value instead of the name two",
     "did you mean the text \"two\"?"},
    {"seats in (1, \"2\")", SEG_E_TYPE, 13, 3, "\"seats\" is a whole number, and \"2\" is not",
     "remove the quotes"},
    {"tags in segment \"x\"", SEG_E_SYNTAX, 8, 7, "a segment is not asked of a value",
     "in segment \"name\", and nothing in front of it"},
    {"in segment \"x\" and vip", SEG_E_UNKNOWN_NAME, 0, 14, "unknown segment \"x\"", ""},
    {"at least 2 of (vip", SEG_E_SYNTAX, 14, 1, "the ( that opens here is never closed",
     "add a ) where the group ends"},
    {"did any of (login", SEG_E_SYNTAX, 11, 1, "the ( that opens here is never closed",
     "add a ) where the group ends"},
    {"seats > (1 + 2", SEG_E_SYNTAX, 8, 1, "the ( that opens here is never closed",
     "add a ) where the group ends"},
    {"not", SEG_E_SYNTAX, 3, 0, "the text ends where a condition or a value should stand", ""},
    {"vip except", SEG_E_SYNTAX, 10, 0, "the text ends where a condition or a value should stand",
     ""},
    {"(vip", SEG_E_SYNTAX, 0, 1, "the ( that opens here is never closed",
     "add a ) where the group ends"},
    {"()", SEG_E_SYNTAX, 1, 1, "expected a condition or a value instead of )", ""},
    {"did login where ()", SEG_E_SYNTAX, 17, 1, "expected a condition or a value instead of )", ""},
    {"plan = \"a\" plan = \"b\"", SEG_E_SYNTAX, 11, 4, "plan does not fit here",
     "join conditions with and, or"},
    {"seats > 1 > 2", SEG_E_SYNTAX, 10, 1, "comparisons do not chain",
     "a > 1 and a < 5, or: a between 1 and 5"},
    {"suppressed by \"gdpr\"", SEG_E_SYNTAX, 0, 10, "\"suppressed\" is not known in this version",
     ""},
    {"did login during occasion \"x\"", SEG_E_UNKNOWN_NAME, 10, 19, "unknown occasion \"x\"", ""},
    {"did login during occasion x", SEG_E_SYNTAX, 26, 1,
     "expected the name of an occasion in double quotes instead of x",
     "during occasion \"black_friday\""},
    {"streak(day) of login during occasion \"x\" > 3", SEG_E_TYPE, 21, 19,
     "an occasion is no span that this can be asked for",
     "ask dates or events: where (@date during occasion \"...\")"},
    {"seats during occasion \"x\"", SEG_E_TYPE, 0, 5,
     "a span of time is asked of an instant or a date, and this is a whole number", ""},
    {"seats > 0.1234567890123456789", SEG_E_SYNTAX, 8, 21,
     "this number has too many digits to be exact",
     "with an exponent (1.5e30) it is taken approximately"},
    {"1e999 > seats", SEG_E_SYNTAX, 0, 5, "this number is too large", ""},
    {"seats > 5 m", SEG_E_SYNTAX, 10, 1, "m does not fit here", "join conditions with and, or"},
    {"signed_up in last 3 calendar days complete including today", SEG_E_SYNTAX, 43, 9,
     "including does not fit here", "join conditions with and, or"}};

START_TEST(test_names__golden_errors)
{
    const segi_schema *schema = lang_schema(segi_mem_default());
    for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
        const struct golden *g = &goldens[i];
        segi_predicate *p;
        seg_error err = SEG_ERROR_INIT;
        seg_status status = lang_compile_with(NULL, schema, g->text, strlen(g->text), 0, &p, &err);
        ck_assert_msg(status == g->status, "%s: %d", g->text, (int)status);
        ck_assert_ptr_null(p);
        ck_assert_str_eq(err.message, g->message);
        ck_assert_str_eq(err.hint, g->hint);
        ck_assert_msg(err.offset == g->offset && err.length == g->length, "%s: %lld + %lld",
                      g->text, (long long)err.offset, (long long)err.length);
        ck_assert_uint_eq(err.line, 1);
    }
    segi_schema_release(schema);
}
END_TEST

START_TEST(test_names__the_earlier_of_equally_near_names_wins)
{
    const segi_schema *schema = lang_schema(segi_mem_default()), *next;
    uint32_t index;
    lang_need(segi_schema_add_attribute(schema, "aab", 3, SEG_TYPE_BOOL, 0, &next, &index, NULL));
    segi_schema_release(schema);
    schema = next;
    lang_need(segi_schema_add_attribute(schema, "aac", 3, SEG_TYPE_BOOL, 0, &next, &index, NULL));
    segi_schema_release(schema);
    schema = next;
    segi_predicate *p;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(lang_compile_with(NULL, schema, "aad", 3, 0, &p, &err), SEG_E_UNKNOWN_NAME);
    ck_assert_str_eq(err.hint, "did you mean \"aab\"?");
    segi_schema_release(schema);
}
END_TEST

START_TEST(test_names__s05_user_zones_need_their_attribute)
{
    const segi_schema *schema, *next;
    uint32_t index;
    segi_zone *zone;
    lang_need(segi_zone_load(segi_mem_default(), "UTC", 3, &zone, NULL));
    lang_need(segi_schema_create(segi_mem_default(), 1, 1, zone, &schema, NULL));
    static const char text[] = "using timezone user: everyone";
    segi_predicate *p;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(lang_compile_with(NULL, schema, text, sizeof text - 1, 0, &p, &err),
                     SEG_E_UNKNOWN_NAME);
    ck_assert_str_eq(err.message, "users have no text attribute \"timezone\"");
    ck_assert_int_eq(err.offset, 15);
    lang_need(
        segi_schema_add_attribute(schema, "timezone", 8, SEG_TYPE_INT64, 0, &next, &index, NULL));
    ck_assert_int_eq(lang_compile_with(NULL, next, text, sizeof text - 1, 0, &p, &err), SEG_E_TYPE);
    segi_schema_release(next);
    segi_schema_release(schema);
}
END_TEST

START_TEST(test_names__an_error_is_not_needed)
{
    const segi_schema *schema = lang_schema(segi_mem_default());
    segi_predicate *p;
    ck_assert_int_eq(lang_compile_with(NULL, schema, "aad", 3, 0, &p, NULL), SEG_E_UNKNOWN_NAME);
    segi_schema_release(schema);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/names");
    TCase *t = tcase_create("names");
    tcase_add_test(t, test_names__golden_errors);
    tcase_add_test(t, test_names__the_earlier_of_equally_near_names_wins);
    tcase_add_test(t, test_names__s05_user_zones_need_their_attribute);
    tcase_add_test(t, test_names__an_error_is_not_needed);
    suite_add_tcase(s, t);
    return s;
}
