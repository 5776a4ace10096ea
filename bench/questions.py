"""The questions of the benchmark, each said three times: to libseg, DuckDB and ClickHouse.

A peer has one or more ways to ask; the benchmark tries all of them with both sort orders of its
table of events and keeps the fastest. A way is the SQL that gives the users' numbers in a column
u, or a pair: that, and a shorter SQL for their count. In SQL, {E} is the table of events (event,
u, t in seconds, properties), users(u, ...) and members(s, u) are the others. $30d is the instant
30 days before now, $2025-12-01 the beginning of that day, $now now.

  libseg   a predicate, or for kind "sets" an expression over stored segments
  kind     attribute, did, tally, rank, order, mixed, sets: for grouping in the report
"""
import calendar
import collections
import re

NOW = 1767225600  # 2026-01-01T00:00:00Z

Question = collections.namedtuple("Question", "name kind english libseg duckdb clickhouse")

QUESTIONS = []


def instant(match):
    text = match.group(1)
    if text == "now":
        return str(NOW)
    if text.endswith("d"):
        return str(NOW - 86400 * int(text[:-1]))
    year, month, day = map(int, text.split("-"))
    return str(calendar.timegm((year, month, day, 0, 0, 0)))


def expand(sql, table):
    """SQL with its instants and its table of events filled in."""
    sql = re.sub(r"\$(now|\d+d|\d{4}-\d\d-\d\d)", instant, sql)
    return " ".join(sql.replace("{E}", table).split())


def ways(given):
    """[(SQL for users, SQL for count)], still with placeholders."""
    given = given if isinstance(given, list) else [given]
    pairs = []
    for way in given:
        if isinstance(way, str):
            way = (way, f"SELECT count(*) FROM ({way}) AS q")
        pairs.append(way)
    return pairs


def ask(name, kind, english, libseg, duckdb, clickhouse=None):
    QUESTIONS.append(Question(name, kind, english, " ".join(libseg.split()), ways(duckdb),
                              ways(clickhouse if clickhouse is not None else duckdb)))


def distinct(where):
    """Users with an event: the ways of either peer, to be chosen from by ask()."""
    return ([(f"SELECT DISTINCT u FROM {{E}} WHERE {where}",
              f"SELECT count(DISTINCT u) FROM {{E}} WHERE {where}"),
             f"SELECT u FROM {{E}} WHERE {where} GROUP BY u"],
            [(f"SELECT DISTINCT u FROM {{E}} WHERE {where}",
              f"SELECT uniqExact(u) FROM {{E}} WHERE {where}"),
             (f"SELECT arrayJoin(bitmapToArray(groupBitmapState(u))) AS u FROM {{E}} "
              f"WHERE {where}", f"SELECT groupBitmap(u) FROM {{E}} WHERE {where}")])


def bitmap(where, table="{E}"):
    """A ClickHouse bitmap of users."""
    return f"(SELECT groupBitmapState(u) FROM {table} WHERE {where})"


def bitmaps(operation, left, right):
    """A ClickHouse way that combines two bitmaps."""
    return (f"SELECT arrayJoin(bitmapToArray(bitmap{operation}({left}, {right}))) AS u",
            f"SELECT bitmap{operation}Cardinality({left}, {right})")


EVERYONE = bitmap("1", "users")

# ---- performance questions that come first ----------------------------------------------------

ask("attributes_set", "attribute",
    "Users in the US, Canada or Great Britain, aged 25 to 34, on a pro or enterprise plan, who "
    "list travel as an interest",
    """country in ("US", "CA", "GB") and age between 25 and 34 and plan in ("pro", "enterprise")
       and interests has "travel" """,
    ["""SELECT u FROM users WHERE country IN ('US', 'CA', 'GB') AND age BETWEEN 25 AND 34
        AND plan IN ('pro', 'enterprise') AND list_contains(interests, 'travel')""",
     """SELECT u FROM users WHERE country IN ('US', 'CA', 'GB') AND age BETWEEN 25 AND 34
        AND plan IN ('pro', 'enterprise') AND interests_mask & 1 <> 0"""],
    ["""SELECT u FROM users WHERE country IN ('US', 'CA', 'GB') AND age BETWEEN 25 AND 34
        AND plan IN ('pro', 'enterprise') AND has(interests, 'travel')""",
     """SELECT u FROM users WHERE country IN ('US', 'CA', 'GB') AND age BETWEEN 25 AND 34
        AND plan IN ('pro', 'enterprise') AND bitAnd(interests_mask, 1) != 0"""])

ask("did_30d", "did", "Users who watched a video in the last 30 days",
    'did "video_watched" in last 30 days',
    *distinct("event = 'video_watched' AND t > $30d"))

ask("not_90d", "did",
    "Users who have not purchased in the last 90 days, including those who never did",
    'did not "purchase" in last 90 days',
    [("SELECT u FROM users WHERE u NOT IN "
      "(SELECT u FROM {E} WHERE event = 'purchase' AND t > $90d)",
      "SELECT (SELECT count(*) FROM users) - "
      "(SELECT count(DISTINCT u) FROM {E} WHERE event = 'purchase' AND t > $90d)"),
     "SELECT u FROM users ANTI JOIN "
     "(SELECT u FROM {E} WHERE event = 'purchase' AND t > $90d) AS p USING (u)"],
    ["SELECT u FROM users WHERE u NOT IN "
     "(SELECT u FROM {E} WHERE event = 'purchase' AND t > $90d)",
     bitmaps("Andnot", EVERYONE, bitmap("event = 'purchase' AND t > $90d"))])

HAVERSINE = """2 * 6371008.8 * asin(sqrt(pow(sin(radians(lat - 40.7128) / 2), 2)
    + cos(radians(40.7128)) * cos(radians(lat)) * pow(sin(radians(lon + 74.0060) / 2), 2)))"""
NEW_YORK = f"""employed AND income BETWEEN 40000 AND 150000 AND lat BETWEEN 40.25 AND 41.18
    AND lon BETWEEN -74.62 AND -73.39 AND {HAVERSINE} <= 50000"""

ask("mixed_local", "mixed",
    "Employed users within 50 km of central New York, earning 40k to 150k, who completed sign-up "
    "but have not purchased in the last 30 days",
    """employed = true and home within 50 km of point(40.7128, -74.0060)
       and income between 40000 and 150000 and did "signup_completed"
       and did not "purchase" in last 30 days""",
    [f"""SELECT u FROM users WHERE {NEW_YORK}
         AND u IN (SELECT u FROM {{E}} WHERE event = 'signup_completed')
         AND u NOT IN (SELECT u FROM {{E}} WHERE event = 'purchase' AND t > $30d)""",
     f"""WITH c AS MATERIALIZED (SELECT u FROM users WHERE {NEW_YORK})
         SELECT u FROM c SEMI JOIN (SELECT u FROM {{E}} WHERE event = 'signup_completed') AS s
         USING (u) ANTI JOIN (SELECT u FROM {{E}} WHERE event = 'purchase' AND t > $30d) AS p
         USING (u)"""],
    [f"""SELECT u FROM users WHERE {NEW_YORK}
         AND u IN (SELECT u FROM {{E}} WHERE event = 'signup_completed')
         AND u NOT IN (SELECT u FROM {{E}} WHERE event = 'purchase' AND t > $30d)""",
     bitmaps("And", bitmap(NEW_YORK, "users"),
             "bitmapAndnot(" + bitmap("event = 'signup_completed'") + ", "
             + bitmap("event = 'purchase' AND t > $30d") + ")")])

ask("count_7d", "tally", "Users who opened the app at least 5 times in the last 7 days",
    'did "app_open" at least 5 times in last 7 days',
    "SELECT u FROM {E} WHERE event = 'app_open' AND t > $7d GROUP BY u HAVING count(*) >= 5")

ask("filtered_90d", "did",
    "Users who watched at least 120 seconds of a tutorial in one go in the last 90 days",
    'did "video_watched" where (object = "tutorial" and seconds >= 120) in last 90 days',
    *distinct("event = 'video_watched' AND object = 'tutorial' AND seconds >= 120 AND t > $90d"))

ask("sum_365d", "tally", "Users who spent at least 200 in the last 365 days",
    'sum(amount) of "purchase" in last 365 days >= 200',
    "SELECT u FROM {E} WHERE event = 'purchase' AND t > $365d GROUP BY u "
    "HAVING sum(amount) >= 200")

OPENS = "SELECT u, count(*) AS n FROM {E} WHERE event = 'app_open' AND t > $90d GROUP BY u"
RANKED = """SELECT u FROM (SELECT u, rank() OVER (ORDER BY n DESC) AS r,
    count(*) OVER () AS total FROM c) AS q WHERE r <= (total * {percent} + 99) // 100"""

ask("top_opens", "rank",
    "The top 20 % of active users by number of app opens in the last 90 days",
    """count of "app_open" in last 90 days in top 20%
       among (did "app_open" in last 90 days)""",
    [f"""WITH c AS MATERIALIZED ({OPENS}), h AS (SELECT n, count(*) AS m FROM c GROUP BY n),
         k AS (SELECT n, sum(m) OVER (ORDER BY n DESC) - m AS above, sum(m) OVER () AS total FROM h)
         SELECT u FROM c WHERE n >= (SELECT min(n) FROM k WHERE above * 100 < total * 20)""",
     f"WITH c AS ({OPENS}) " + RANKED.format(percent=20)],
    [f"WITH c AS ({OPENS}) SELECT u FROM (SELECT u, rank() OVER (ORDER BY n DESC) AS r, "
     "count() OVER () AS total FROM c) WHERE r <= intDiv(total * 20 + 99, 100)",
     f"""WITH c AS ({OPENS}), (SELECT groupArray((n, m)) FROM (SELECT n, count() AS m FROM c
         GROUP BY n ORDER BY n DESC)) AS h, arrayCumSum(h.2) AS sums,
         arrayFirstIndex(s -> s * 100 >= sums[-1] * 20, sums) AS at
         SELECT u FROM c WHERE n >= h[at].1""",
     f"""SELECT arrayJoin(arrayMap(p -> p.2, arrayFilter(p -> p.1 >= cut, pairs))) AS u FROM (
         SELECT groupArray((n, u)) AS pairs, arrayReverseSort(arrayMap(p -> p.1, pairs)) AS sorted,
         sorted[intDiv(length(pairs) * 20 + 99, 100)] AS cut FROM ({OPENS}))"""])

ask("last_activity", "order",
    "Users whose last activity of any kind was between 30 and 90 days ago",
    "last any event from 90 days ago to 30 days ago",
    ["SELECT u FROM {E} GROUP BY u HAVING max(t) > $90d AND max(t) <= $30d",
     "SELECT DISTINCT u FROM {E} WHERE t > $90d AND t <= $30d "
     "AND u NOT IN (SELECT u FROM {E} WHERE t > $30d)",
     "SELECT u FROM {E} WHERE t > $90d GROUP BY u HAVING max(t) <= $30d"],
    ["SELECT u FROM {E} GROUP BY u HAVING max(t) > $90d AND max(t) <= $30d",
     "SELECT u FROM {E} WHERE t > $90d GROUP BY u HAVING max(t) <= $30d",
     bitmaps("Andnot", bitmap("t > $90d AND t <= $30d"), bitmap("t > $30d"))])

ask("december", "did", "Users who bought gifts, toys or jewelry in December",
    """did "purchase" where (category in ("gifts", "toys", "jewelry"))
       between 2025-12-01 and 2025-12-31""",
    *distinct("event = 'purchase' AND category IN ('gifts', 'toys', 'jewelry') "
              "AND t >= $2025-12-01 AND t < $2026-01-01"))

ask("never_accessories", "did", "Users who bought electronics but never accessories",
    """did "purchase" where (category = "electronics")
       and never did "purchase" where (category = "accessories")""",
    ["""SELECT DISTINCT u FROM {E} WHERE event = 'purchase' AND category = 'electronics'
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'purchase' AND category = 'accessories')""",
     """SELECT u FROM {E} WHERE event = 'purchase' AND category IN ('electronics', 'accessories')
        GROUP BY u HAVING bool_and(category = 'electronics')"""],
    ["""SELECT u FROM {E} WHERE event = 'purchase' AND category IN ('electronics', 'accessories')
        GROUP BY u HAVING countIf(category = 'accessories') = 0""",
     bitmaps("Andnot", bitmap("event = 'purchase' AND category = 'electronics'"),
             bitmap("event = 'purchase' AND category = 'accessories'"))])

ask("signup_open", "did",
    "Users who started sign-up in the last 30 days, at least a day ago, and never completed it",
    'did "signup_started" from 30 days ago to 1 day ago and never did "signup_completed"',
    ["""SELECT DISTINCT u FROM {E} WHERE event = 'signup_started' AND t > $30d AND t <= $1d
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'signup_completed')""",
     """SELECT DISTINCT u FROM (SELECT u FROM {E} WHERE event = 'signup_started' AND t > $30d
        AND t <= $1d) AS s ANTI JOIN (SELECT u FROM {E} WHERE event = 'signup_completed') AS c
        USING (u)"""],
    ["""SELECT DISTINCT u FROM {E} WHERE event = 'signup_started' AND t > $30d AND t <= $1d
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'signup_completed')""",
     bitmaps("Andnot", bitmap("event = 'signup_started' AND t > $30d AND t <= $1d"),
             bitmap("event = 'signup_completed'"))])


def stored(number):
    return f"(SELECT b FROM bitmaps WHERE s = {number})"


BITS = "((((m0 >> 3) & (m0 >> 7)) | (m0 >> 25)) & (m0 >> 1) & ~(m0 >> 12)) & 1 <> 0"
BITS_CH = ("bitTest(m0, 1) AND NOT bitTest(m0, 12) AND "
           "(bitTest(m0, 25) OR (bitTest(m0, 3) AND bitTest(m0, 7)))")

ask("stored_algebra", "sets", "Stored segments: ((3 and 7) or 25) and 1, but not 12",
    "3 7 and 25 or 1 and 12 andnot",
    ["""SELECT u FROM ((SELECT u FROM members WHERE s = 3 INTERSECT SELECT u FROM members
        WHERE s = 7) UNION SELECT u FROM members WHERE s = 25) AS a
        WHERE u IN (SELECT u FROM members WHERE s = 1)
        AND u NOT IN (SELECT u FROM members WHERE s = 12)""",
     f"SELECT u FROM member_bits WHERE {BITS}"],
    [bitmaps("Andnot", "bitmapAnd(bitmapOr(bitmapAnd({}, {}), {}), {})".format(
        stored(3), stored(7), stored(25), stored(1)), stored(12)),
     f"SELECT u FROM member_bits WHERE {BITS_CH}"])

# ---- loyalty, recency, tiers ------------------------------------------------------------------

ask("medium_users", "tally",
    "Medium users: between 5 and 20 app opens in the last 30 days",
    'count of "app_open" in last 30 days between 5 and 20',
    "SELECT u FROM {E} WHERE event = 'app_open' AND t > $30d GROUP BY u "
    "HAVING count(*) BETWEEN 5 AND 20")

ask("lapsed_buyers", "order", "Buyers whose last purchase was more than 60 days ago",
    'last "purchase" older than 60 days',
    ["SELECT u FROM {E} WHERE event = 'purchase' GROUP BY u HAVING max(t) <= $60d",
     """SELECT DISTINCT u FROM {E} WHERE event = 'purchase' AND t <= $60d AND u NOT IN
        (SELECT u FROM {E} WHERE event = 'purchase' AND t > $60d)"""],
    ["SELECT u FROM {E} WHERE event = 'purchase' GROUP BY u HAVING max(t) <= $60d",
     bitmaps("Andnot", bitmap("event = 'purchase' AND t <= $60d"),
             bitmap("event = 'purchase' AND t > $60d"))])

ask("dormant", "order", "Users who once did something, but nothing in the last 90 days",
    "last any event older than 90 days",
    ["SELECT u FROM {E} GROUP BY u HAVING max(t) <= $90d",
     "SELECT DISTINCT u FROM {E} WHERE t <= $90d AND u NOT IN (SELECT u FROM {E} WHERE t > $90d)"],
    ["SELECT u FROM {E} GROUP BY u HAVING max(t) <= $90d",
     bitmaps("Andnot", bitmap("t <= $90d"), bitmap("t > $90d"))])

ask("new_buyers", "order", "Users whose first purchase was in the last 30 days",
    'first "purchase" in last 30 days',
    ["SELECT u FROM {E} WHERE event = 'purchase' GROUP BY u HAVING min(t) > $30d",
     """SELECT DISTINCT u FROM {E} WHERE event = 'purchase' AND t > $30d AND u NOT IN
        (SELECT u FROM {E} WHERE event = 'purchase' AND t <= $30d)"""],
    ["SELECT u FROM {E} WHERE event = 'purchase' GROUP BY u HAVING min(t) > $30d",
     bitmaps("Andnot", bitmap("event = 'purchase' AND t > $30d"),
             bitmap("event = 'purchase' AND t <= $30d"))])

ask("bought_once", "tally", "Users who bought exactly once, and that in the last 60 days",
    'did "purchase" exactly 1 time and did "purchase" in last 60 days',
    "SELECT u FROM {E} WHERE event = 'purchase' GROUP BY u HAVING count(*) = 1 AND max(t) > $60d")

ask("third_purchase", "order", "Users whose third purchase was in the last 14 days",
    'nth(3) "purchase" in last 14 days',
    ["""SELECT u FROM {E} WHERE event = 'purchase' GROUP BY u HAVING count(*) >= 3
        AND count(*) FILTER (t <= $14d) < 3 AND max(t) > $14d"""],
    ["""SELECT u FROM {E} WHERE event = 'purchase' GROUP BY u HAVING count() >= 3
        AND countIf(t <= $14d) < 3 AND max(t) > $14d"""])

ask("top_spenders", "rank", "The 10 % of buyers who spent most in the last 365 days",
    """sum(amount) of "purchase" in last 365 days in top 10%
       among (did "purchase" in last 365 days)""",
    [f"""WITH c AS (SELECT u, sum(amount) AS n FROM {{E}} WHERE event = 'purchase' AND t > $365d
         GROUP BY u) """ + RANKED.format(percent=10),
     """WITH c AS MATERIALIZED (SELECT u, sum(amount) AS n FROM {E} WHERE event = 'purchase'
        AND t > $365d GROUP BY u) SELECT u FROM c WHERE n >= (SELECT min(n) FROM (SELECT n FROM c
        ORDER BY n DESC LIMIT (SELECT (count(*) * 10 + 99) // 100 FROM c)))"""],
    ["""SELECT arrayJoin(arrayMap(p -> p.2, arrayFilter(p -> p.1 >= cut, pairs))) AS u FROM (
        SELECT groupArray((n, u)) AS pairs, arrayReverseSort(arrayMap(p -> p.1, pairs)) AS sorted,
        sorted[intDiv(length(pairs) * 10 + 99, 100)] AS cut FROM (SELECT u, sum(amount) AS n
        FROM {E} WHERE event = 'purchase' AND t > $365d GROUP BY u))""",
     """WITH c AS (SELECT u, sum(amount) AS n FROM {E} WHERE event = 'purchase' AND t > $365d
        GROUP BY u) SELECT u FROM (SELECT u, rank() OVER (ORDER BY n DESC) AS r,
        count() OVER () AS total FROM c) WHERE r <= intDiv(total * 10 + 99, 100)"""])

# ---- scores of recency, frequency and money: a score of at least 4 of 5 is 5 * (2 * below + ties)
# >= 6 * all, which is a least value for each of the three ----------------------------------------

BUYERS = """SELECT u, max(t) AS r, count(*) AS f, sum(amount) AS m FROM {E}
    WHERE event = 'purchase' AND t > $365d GROUP BY u"""
PLACES = """SELECT u FROM (SELECT u, count(*) OVER () AS n, """ + ", ".join(
    f"2 * (rank() OVER (ORDER BY {x}) - 1) + count(*) OVER (PARTITION BY {x}) AS p{x}"
    for x in "rfm") + " FROM c) AS q WHERE " + " AND ".join(f"5 * p{x} >= 6 * n" for x in "rfm")
LEAST = """(SELECT min(x) FROM (SELECT x, 2 * sum(k) OVER (ORDER BY x) - k AS place,
    sum(k) OVER () AS n FROM (SELECT {0} AS x, count(*) AS k FROM c GROUP BY {0}) AS h) AS p
    WHERE 5 * place >= 6 * n)"""
SORTED = """arraySort(groupArray({0})) AS s{0}, s{0}[intDiv(3 * n + 4, 5)] AS v{0},
    indexOf(s{0}, v{0}) AS a{0}, a{0} + countEqual(s{0}, v{0}) - 1 AS b{0},
    if(5 * (a{0} + b{0} - 1) >= 6 * n, v{0}, s{0}[b{0} + 1]) AS cut{0}"""

ask("rfm_champions", "rank",
    "Champions: buyers of the last 365 days whose recency, frequency and money are all among the "
    "better two fifths",
    'rfm(amount, floating) of "purchase" in last 365 days = "champions"',
    [f"WITH c AS MATERIALIZED ({BUYERS}) SELECT u FROM c WHERE "
     + " AND ".join(f"{x} >= " + LEAST.format(x) for x in "rfm"),
     f"WITH c AS ({BUYERS}) " + PLACES],
    [f"WITH c AS ({BUYERS}) " + PLACES,
     "SELECT arrayJoin(arrayMap(p -> p.1, arrayFilter(p -> p.2 >= cutr AND p.3 >= cutf AND "
     "p.4 >= cutm, rows))) AS u FROM (SELECT groupArray((u, r, f, m)) AS rows, count() AS n, "
     + ", ".join(SORTED.format(x) for x in "rfm") + f" FROM ({BUYERS}))"])

ask("rfm_at_risk", "order",
    "Buyers at risk, by fixed cut points: at least 3 purchases in the year, none in the last 90 "
    "days, and not both 5 purchases and 500 spent",
    """rfm(amount, cuts r (180 days, 90 days, 30 days, 7 days) f (2, 3, 5, 10)
       m (50, 100, 500, 1000)) of "purchase" in last 365 days = "at risk" """,
    "SELECT u FROM {E} WHERE event = 'purchase' AND t > $365d GROUP BY u HAVING count(*) >= 3 "
    "AND max(t) < $90d AND NOT (count(*) >= 5 AND sum(amount) >= 500)")

# ---- activity ---------------------------------------------------------------------------------

ask("cooling_down", "tally",
    "Users who opened the app less than half as often in the last 30 days as in the 30 before",
    """count of "app_open" in last 30 days
       < 0.5 * count of "app_open" from 60 days ago to 30 days ago""",
    "SELECT u FROM {E} WHERE event = 'app_open' AND t > $60d GROUP BY u "
    "HAVING 2 * count(*) FILTER (t > $30d) < count(*) FILTER (t <= $30d)",
    "SELECT u FROM {E} WHERE event = 'app_open' AND t > $60d GROUP BY u "
    "HAVING 2 * countIf(t > $30d) < countIf(t <= $30d)")

ask("active_days", "order", "Users who were active on at least 10 days of the last 30",
    "did any event on at least 10 days in last 30 days",
    ["SELECT u FROM {E} WHERE t > $30d GROUP BY u HAVING count(DISTINCT t // 86400) >= 10",
     "SELECT u FROM {E} WHERE t > $30d GROUP BY u "
     "HAVING bit_count(bit_or((1::UBIGINT << ((t - $30d) // 86400))::UBIGINT)) >= 10"],
    ["SELECT u FROM {E} WHERE t > $30d GROUP BY u HAVING uniqExact(intDiv(t, 86400)) >= 10",
     "SELECT u FROM {E} WHERE t > $30d GROUP BY u "
     "HAVING bitCount(groupBitOr(bitShiftLeft(toUInt64(1), intDiv(t - $30d, 86400)))) >= 10"])

ask("regular_weeks", "order",
    "Users who viewed pages in at least 4 of the last 8 complete calendar weeks",
    'did "page_view" on at least 4 weeks in last 8 calendar weeks complete',
    ["""SELECT u FROM {E} WHERE event = 'page_view' AND t >= $2025-11-03 AND t < $2025-12-29
        GROUP BY u HAVING count(DISTINCT (t - $2025-11-03) // 604800) >= 4""",
     """SELECT u FROM {E} WHERE event = 'page_view' AND t >= $2025-11-03 AND t < $2025-12-29
        GROUP BY u HAVING
        bit_count(bit_or((1::UINTEGER << ((t - $2025-11-03) // 604800))::UINTEGER)) >= 4"""],
    ["""SELECT u FROM {E} WHERE event = 'page_view' AND t >= $2025-11-03 AND t < $2025-12-29
        GROUP BY u HAVING uniqExact(intDiv(t - $2025-11-03, 604800)) >= 4""",
     """SELECT u FROM {E} WHERE event = 'page_view' AND t >= $2025-11-03 AND t < $2025-12-29
        GROUP BY u HAVING
        bitCount(groupBitOr(bitShiftLeft(1, intDiv(t - $2025-11-03, 604800)))) >= 4"""])

WEEKEND = "(t // 86400 + 3) % 7 >= 5 AND t % 86400 // 3600 BETWEEN 18 AND 22"
WEEKEND_CH = "(intDiv(t, 86400) + 3) % 7 >= 5 AND intDiv(t % 86400, 3600) BETWEEN 18 AND 22"

ask("weekend_evenings", "tally",
    "Users who opened the app on weekend evenings at least 4 times in the last 30 days",
    """did "app_open" where (@weekday in ("sat", "sun") and @hour between 18 and 22)
       at least 4 times in last 30 days""",
    f"SELECT u FROM {{E}} WHERE event = 'app_open' AND t > $30d AND {WEEKEND} "
    "GROUP BY u HAVING count(*) >= 4",
    f"SELECT u FROM {{E}} WHERE event = 'app_open' AND t > $30d AND {WEEKEND_CH} "
    "GROUP BY u HAVING count(*) >= 4")

ask("engaged_any_of", "tally",
    "Users who reviewed, played or watched at least 3 times in the last 30 days",
    """did any of ("review_submitted", "level_completed", "video_watched") at least 3 times
       in last 30 days""",
    "SELECT u FROM {E} WHERE event IN ('review_submitted', 'level_completed', 'video_watched') "
    "AND t > $30d GROUP BY u HAVING count(*) >= 3")

ask("quarter_repeat", "tally", "Users with at least 2 purchases in the previous quarter",
    'did "purchase" at least 2 times previous quarter',
    "SELECT u FROM {E} WHERE event = 'purchase' AND t >= $2025-10-01 AND t < $2026-01-01 "
    "GROUP BY u HAVING count(*) >= 2")

ask("push_clicks", "tally",
    "Users who opened at least 2 push messages in the last 30 days but not the app in the last 3",
    """did "message_opened" where (channel = "push") at least 2 times in last 30 days
       and did not "app_open" in last 3 days""",
    ["""SELECT u FROM {E} WHERE event = 'message_opened' AND channel = 'push' AND t > $30d
        GROUP BY u HAVING count(*) >= 2 AND
        u NOT IN (SELECT u FROM {E} WHERE event = 'app_open' AND t > $3d)""",
     """SELECT u FROM (SELECT u FROM {E} WHERE event = 'message_opened' AND channel = 'push'
        AND t > $30d GROUP BY u HAVING count(*) >= 2) AS m ANTI JOIN
        (SELECT u FROM {E} WHERE event = 'app_open' AND t > $3d) AS o USING (u)"""],
    ["""SELECT u FROM {E} WHERE event = 'message_opened' AND channel = 'push' AND t > $30d
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'app_open' AND t > $3d)
        GROUP BY u HAVING count() >= 2""",
     """SELECT u FROM (SELECT u FROM {E} WHERE event = 'message_opened' AND channel = 'push'
        AND t > $30d GROUP BY u HAVING count() >= 2)
        WHERE u NOT IN (SELECT u FROM {E} WHERE event = 'app_open' AND t > $3d)"""])

SHOES = ", ".join(f"'{word} shoes'" for word in (
    "red blue green black white small large cheap new used warm light waterproof wireless organic "
    "vintage modern classic leather cotton wooden steel mini portable smart kids mens womens "
    "winter summer soft heavy slim folding silent fast natural round square long short thick thin "
    "bright dark yellow pink grey striped plain").split())

ask("searched_shoes", "mixed",
    "Users who searched for shoes in the last 60 days and bought nothing in the last 30",
    """did "search" where (term contains "shoes") in last 60 days
       and did not "purchase" in last 30 days""",
    [f"""SELECT DISTINCT u FROM {{E}} WHERE event = 'search' AND t > $60d AND {test}
         AND u NOT IN (SELECT u FROM {{E}} WHERE event = 'purchase' AND t > $30d)"""
     for test in ("contains(term, 'shoes')", f"term IN ({SHOES})")],
    ["""SELECT DISTINCT u FROM {E} WHERE event = 'search' AND t > $60d AND term LIKE '%shoes%'
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'purchase' AND t > $30d)""",
     bitmaps("Andnot", bitmap("event = 'search' AND t > $60d AND term LIKE '%shoes%'"),
             bitmap("event = 'purchase' AND t > $30d"))])

# ---- what they buy ----------------------------------------------------------------------------

ask("coupon_share", "order",
    "Buyers of the last 180 days, 3 purchases or more, who used a coupon in at least 60 % of them",
    """share(coupon = true) of "purchase" in last 180 days >= 60%
       and did "purchase" at least 3 times in last 180 days""",
    "SELECT u FROM {E} WHERE event = 'purchase' AND t > $180d GROUP BY u "
    "HAVING count(*) >= 3 AND 100 * count(*) FILTER (coupon) >= 60 * count(*)",
    "SELECT u FROM {E} WHERE event = 'purchase' AND t > $180d GROUP BY u "
    "HAVING count() >= 3 AND 100 * countIf(coupon) >= 60 * count()")

ask("favourite_shoes", "order",
    "Users whose favourite category of the year, out of 3 purchases or more, is shoes",
    'mode(category, min 3, ties none) of "purchase" in last 365 days = "shoes"',
    """WITH c AS (SELECT u, category, count(*) AS n FROM {E} WHERE event = 'purchase'
       AND t > $365d GROUP BY u, category) SELECT u FROM c GROUP BY u HAVING sum(n) >= 3
       AND max(n) FILTER (category = 'shoes')
       > coalesce(max(n) FILTER (category <> 'shoes'), 0)""",
    ["""SELECT u FROM (SELECT u, category, count() AS n FROM {E} WHERE event = 'purchase'
        AND t > $365d GROUP BY u, category) GROUP BY u HAVING sum(n) >= 3
        AND maxIf(n, category = 'shoes') > maxIf(n, category != 'shoes')""",
     """SELECT u FROM (SELECT u, sumMap([toInt8(category)], [1]) AS m, count() AS n FROM {E}
        WHERE event = 'purchase' AND t > $365d GROUP BY u HAVING n >= 3) WHERE
        arrayMax(arrayMap((c, k) -> c = 2 ? k : 0, m.1, m.2))
        > arrayMax(arrayMap((c, k) -> c = 2 ? 0 : k, m.1, m.2))"""])

ask("small_baskets", "tally",
    "Buyers of the last 180 days, 3 purchases or more, who spend under 40 on average",
    """avg(amount) of "purchase" in last 180 days < 40
       and did "purchase" at least 3 times in last 180 days""",
    "SELECT u FROM {E} WHERE event = 'purchase' AND t > $180d GROUP BY u "
    "HAVING count(*) >= 3 AND sum(amount) < 40 * count(*)")

ask("many_categories", "order", "Users who bought from at least 4 categories in the year",
    'distinct(category) of "purchase" in last 365 days >= 4',
    ["SELECT u FROM {E} WHERE event = 'purchase' AND t > $365d GROUP BY u "
     "HAVING count(DISTINCT category) >= 4",
     "SELECT u FROM {E} WHERE event = 'purchase' AND t > $365d GROUP BY u "
     "HAVING bit_count(bit_or((1::UBIGINT << enum_code(category)::UBIGINT)::UBIGINT)) >= 4"],
    ["SELECT u FROM {E} WHERE event = 'purchase' AND t > $365d GROUP BY u "
     "HAVING uniqExact(category) >= 4",
     "SELECT u FROM {E} WHERE event = 'purchase' AND t > $365d GROUP BY u "
     "HAVING bitCount(groupBitOr(bitShiftLeft(toUInt64(1), toInt8(category)))) >= 4"])

ask("net_revenue", "tally", "Users with purchases less refunds of at least 500 in the year",
    """sum(amount) of "purchase" in last 365 days - sum(amount) of "refund" in last 365 days
       >= 500""",
    ["""SELECT u FROM {E} WHERE event IN ('purchase', 'refund') AND t > $365d GROUP BY u
        HAVING sum(CASE WHEN event = 'purchase' THEN amount ELSE -amount END) >= 500""",
     """SELECT u FROM {E} WHERE event IN ('purchase', 'refund') AND t > $365d GROUP BY u
        HAVING sum(amount) FILTER (event = 'purchase')
        - coalesce(sum(amount) FILTER (event = 'refund'), 0) >= 500"""],
    """SELECT u FROM {E} WHERE event IN ('purchase', 'refund') AND t > $365d GROUP BY u
       HAVING sumIf(amount, event = 'purchase') - sumIf(amount, event = 'refund') >= 500""")

ask("large_order", "tally", "Users with an order of at least 300 in the last 180 days",
    'max(amount) of "purchase" in last 180 days >= 300',
    *distinct("event = 'purchase' AND t > $180d AND amount >= 300"))

ask("long_watchers", "order",
    "Users whose 90th percentile of seconds watched in the last 90 days is at least 300",
    'percentile(seconds, 90%) of "video_watched" in last 90 days >= 300',
    "SELECT u FROM {E} WHERE event = 'video_watched' AND t > $90d GROUP BY u "
    "HAVING quantile_cont(seconds, 0.9) >= 300",
    "SELECT u FROM {E} WHERE event = 'video_watched' AND t > $90d GROUP BY u "
    "HAVING quantileExactInclusive(0.9)(seconds) >= 300")

ask("bad_review", "order",
    "Users whose last review, of the last 60 days, gave 2 stars or fewer",
    'last(stars) of "review_submitted" <= 2 and last "review_submitted" in last 60 days',
    ["SELECT u FROM {E} WHERE event = 'review_submitted' AND t > $60d GROUP BY u "
     "HAVING arg_max(stars, t) <= 2"],
    ["SELECT u FROM {E} WHERE event = 'review_submitted' AND t > $60d GROUP BY u "
     "HAVING argMax(stars, t) <= 2"])

ask("first_channel", "order",
    "Users whose first opened message came by e-mail and who opened one in the last 30 days",
    'first(channel) of "message_opened" = "email" and did "message_opened" in last 30 days',
    "SELECT u FROM {E} WHERE event = 'message_opened' GROUP BY u "
    "HAVING max(t) > $30d AND arg_min(channel, t) = 'email'",
    "SELECT u FROM {E} WHERE event = 'message_opened' GROUP BY u "
    "HAVING max(t) > $30d AND argMin(channel, t) = 'email'")

ask("cross_sell", "mixed",
    "Users who bought electronics, put accessories into the cart twice in 180 days and never "
    "bought one",
    """did "purchase" where (category = "electronics")
       and did "add_to_cart" where (category = "accessories") at least 2 times in last 180 days
       and never did "purchase" where (category = "accessories")""",
    ["""SELECT u FROM {E} WHERE event = 'add_to_cart' AND category = 'accessories' AND t > $180d
        AND u IN (SELECT u FROM {E} WHERE event = 'purchase' AND category = 'electronics')
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'purchase' AND category = 'accessories')
        GROUP BY u HAVING count(*) >= 2"""])

# ---- around an event of one's own -------------------------------------------------------------

ask("fast_buyers", "mixed", "Users who purchased within 7 days after they signed up",
    'did "purchase" within 7 days after signed_up',
    ["""SELECT DISTINCT u FROM {E} JOIN users USING (u) WHERE event = 'purchase'
        AND t > signed_up AND t <= signed_up + 604800""",
     """SELECT DISTINCT e.u FROM {E} AS e JOIN (SELECT u, signed_up FROM users WHERE signed_up >=
        $380d) AS s ON e.u = s.u WHERE event = 'purchase' AND t > signed_up
        AND t <= signed_up + 604800"""],
    ["""SELECT DISTINCT u FROM (SELECT u, t FROM {E} WHERE event = 'purchase') AS e
        INNER JOIN (SELECT u, signed_up FROM users WHERE signed_up >= $380d) AS s USING (u)
        WHERE t > signed_up AND t <= signed_up + 604800"""])

ask("after_onboarding", "mixed",
    "Users who purchased within 7 days after their first completed sign-up",
    'did "purchase" within 7 days after first "signup_completed"',
    ["""WITH a AS (SELECT u, min(t) AS f FROM {E} WHERE event = 'signup_completed' GROUP BY u)
        SELECT DISTINCT u FROM {E} JOIN a USING (u) WHERE event = 'purchase' AND t > f
        AND t <= f + 604800"""],
    ["""SELECT DISTINCT u FROM (SELECT u, t FROM {E} WHERE event = 'purchase') AS e INNER JOIN
        (SELECT u, min(t) AS f FROM {E} WHERE event = 'signup_completed' GROUP BY u) AS a USING (u)
        WHERE t > f AND t <= f + 604800"""])

ask("last_cart", "mixed",
    "Users who last put something into the cart in the last 3 days and bought nothing within 24 "
    "hours after it",
    """last "add_to_cart" in last 3 days
       and not (did "purchase" within 24 hours after last "add_to_cart")""",
    ["""WITH a AS (SELECT u, max(t) AS l FROM {E} WHERE event = 'add_to_cart' AND t > $3d
        GROUP BY u) SELECT u FROM a WHERE u NOT IN (SELECT u FROM {E} JOIN a USING (u)
        WHERE event = 'purchase' AND t > $3d AND t > l AND t <= l + 86400)""",
     """WITH a AS (SELECT u, max(t) FILTER (event = 'add_to_cart') AS l,
        list(t) FILTER (event = 'purchase') AS p FROM {E} WHERE event IN ('add_to_cart',
        'purchase') AND t > $3d GROUP BY u) SELECT u FROM a WHERE l IS NOT NULL AND
        len(list_filter(coalesce(p, []), lambda x: x > l AND x <= l + 86400)) = 0"""],
    ["""SELECT u FROM (SELECT u, maxIf(t, event = 'add_to_cart') AS l,
        groupArrayIf(t, event = 'purchase') AS p FROM {E} WHERE event IN ('add_to_cart',
        'purchase') AND t > $3d GROUP BY u HAVING l > 0)
        WHERE NOT arrayExists(x -> x > l AND x <= l + 86400, p)"""])

# ---- who they are -----------------------------------------------------------------------------

ask("german_speaking", "attribute",
    "Users in Germany, Austria or Switzerland with a known income, who care for neither politics "
    "nor finance",
    """country in ("DE", "AT", "CH") and income is set
       and interests has none ("politics", "finance")""",
    ["""SELECT u FROM users WHERE country IN ('DE', 'AT', 'CH') AND income IS NOT NULL
        AND NOT list_has_any(interests, ['politics', 'finance'])""",
     """SELECT u FROM users WHERE country IN ('DE', 'AT', 'CH') AND income IS NOT NULL
        AND interests_mask & 100663296 = 0"""],
    ["""SELECT u FROM users WHERE country IN ('DE', 'AT', 'CH') AND income > 0
        AND has_interests AND NOT hasAny(interests, ['politics', 'finance'])""",
     """SELECT u FROM users WHERE country IN ('DE', 'AT', 'CH') AND income > 0
        AND has_interests AND bitAnd(interests_mask, 100663296) = 0"""])

CORNERS = [(48.0, 11.0), (48.5, 11.2), (48.4, 12.0), (47.9, 11.9)]
CROSSINGS = " + ".join(
    f"(CASE WHEN ({a[0]} > lat) <> ({b[0]} > lat) AND lon < ({b[1]} - {a[1]}) * (lat - {a[0]}) "
    f"/ ({b[0]} - {a[0]}) + {a[1]} THEN 1 ELSE 0 END)"
    for a, b in zip(CORNERS, CORNERS[1:] + CORNERS[:1]))
BOX = "lat BETWEEN 47.9 AND 48.5 AND lon BETWEEN 11.0 AND 12.0"

ask("polygon", "attribute", "Free users at home inside a quadrilateral around Munich",
    'plan = "free" and home inside polygon(' + ", ".join(f"{a} {b}" for a, b in CORNERS) + ")",
    f"SELECT u FROM users WHERE plan = 'free' AND {BOX} AND ({CROSSINGS}) % 2 = 1",
    [f"SELECT u FROM users WHERE plan = 'free' AND {BOX} AND ({CROSSINGS}) % 2 = 1",
     f"SELECT u FROM users WHERE plan = 'free' AND {BOX} AND pointInPolygon((lon, lat), ["
     + ", ".join(f"({b}, {a})" for a, b in CORNERS) + "])"])

ask("newcomers", "mixed",
    "Users who signed up in the last 30 days and viewed at least 5 pages, without a purchase",
    """signed_up in last 30 days and did "page_view" at least 5 times and never did "purchase" """,
    ["""SELECT u FROM users WHERE signed_up > $30d AND signed_up <= $now AND u IN
        (SELECT u FROM {E} WHERE event = 'page_view' GROUP BY u HAVING count(*) >= 5)
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'purchase')""",
     """WITH c AS MATERIALIZED (SELECT u FROM users WHERE signed_up > $30d AND signed_up <= $now)
        SELECT u FROM {E} SEMI JOIN c USING (u) WHERE event IN ('page_view', 'purchase')
        GROUP BY u HAVING count(*) FILTER (event = 'page_view') >= 5
        AND count(*) FILTER (event = 'purchase') = 0"""],
    ["""SELECT u FROM {E} WHERE event IN ('page_view', 'purchase') AND u IN
        (SELECT u FROM users WHERE signed_up > $30d AND signed_up <= $now)
        GROUP BY u HAVING countIf(event = 'page_view') >= 5 AND countIf(event = 'purchase') = 0"""])

ask("two_of_four", "mixed",
    "Users of whom at least 2 of these hold: a good review in 90 days, a push message opened in "
    "30 days, a paid plan, 5 levels completed in 30 days",
    """at least 2 of (did "review_submitted" where (stars >= 4) in last 90 days,
       did "message_opened" where (channel = "push") in last 30 days,
       plan in ("pro", "enterprise"), did "level_completed" at least 5 times in last 30 days)""",
    ["""SELECT u FROM users WHERE
        (u IN (SELECT u FROM {E} WHERE event = 'review_submitted' AND stars >= 4 AND t > $90d))::INT
        + (u IN (SELECT u FROM {E} WHERE event = 'message_opened' AND channel = 'push'
                 AND t > $30d))::INT + (plan IN ('pro', 'enterprise'))::INT
        + (u IN (SELECT u FROM {E} WHERE event = 'level_completed' AND t > $30d GROUP BY u
                 HAVING count(*) >= 5))::INT >= 2""",
     """SELECT u FROM (
        SELECT DISTINCT u FROM {E} WHERE event = 'review_submitted' AND stars >= 4 AND t > $90d
        UNION ALL SELECT DISTINCT u FROM {E} WHERE event = 'message_opened' AND channel = 'push'
        AND t > $30d UNION ALL SELECT u FROM users WHERE plan IN ('pro', 'enterprise')
        UNION ALL SELECT u FROM {E} WHERE event = 'level_completed' AND t > $30d GROUP BY u
        HAVING count(*) >= 5) AS q GROUP BY u HAVING count(*) >= 2"""],
    ["""SELECT u FROM users WHERE
        (u IN (SELECT u FROM {E} WHERE event = 'review_submitted' AND stars >= 4 AND t > $90d))
        + (u IN (SELECT u FROM {E} WHERE event = 'message_opened' AND channel = 'push'
                 AND t > $30d)) + (plan IN ('pro', 'enterprise'))
        + (u IN (SELECT u FROM {E} WHERE event = 'level_completed' AND t > $30d GROUP BY u
                 HAVING count() >= 5)) >= 2""",
     """SELECT u FROM (
        SELECT DISTINCT u FROM {E} WHERE event = 'review_submitted' AND stars >= 4 AND t > $90d
        UNION ALL SELECT DISTINCT u FROM {E} WHERE event = 'message_opened' AND channel = 'push'
        AND t > $30d UNION ALL SELECT u FROM users WHERE plan IN ('pro', 'enterprise')
        UNION ALL SELECT u FROM {E} WHERE event = 'level_completed' AND t > $30d GROUP BY u
        HAVING count() >= 5) GROUP BY u HAVING count() >= 2"""])

ask("paying_unserved", "mixed",
    "Pro users with a purchase in 90 days, except those with a refund in 90 days or no known age",
    """plan = "pro" and did "purchase" in last 90 days
       except did "refund" in last 90 days or age is absent""",
    ["""SELECT u FROM users WHERE plan = 'pro' AND age IS NOT NULL
        AND u IN (SELECT u FROM {E} WHERE event = 'purchase' AND t > $90d)
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'refund' AND t > $90d)"""],
    ["""SELECT u FROM users WHERE plan = 'pro' AND age > 0
        AND u IN (SELECT u FROM {E} WHERE event = 'purchase' AND t > $90d)
        AND u NOT IN (SELECT u FROM {E} WHERE event = 'refund' AND t > $90d)""",
     bitmaps("Andnot", "bitmapAnd(" + bitmap("plan = 'pro' AND age > 0", "users") + ", "
             + bitmap("event = 'purchase' AND t > $90d") + ")",
             bitmap("event = 'refund' AND t > $90d"))])

# ---- ordered steps: ClickHouse's windowFunnel is `like clickhouse_default`; DuckDB carries the
# latest beginning from step to step through window functions -------------------------------------

STEPS = """(SELECT u, t, CASE event WHEN '{0}' THEN 1 WHEN '{1}' THEN 2 WHEN '{2}' THEN 3 ELSE 4
        END AS step FROM {{E}} WHERE event IN ({3}) AND t > {4})"""
ROWS = "OVER (PARTITION BY u ORDER BY t, step ROWS UNBOUNDED PRECEDING)"


def steps(since, *events):
    """Rows of the steps of a funnel, numbered."""
    names = ", ".join(f"'{event}'" for event in events)
    return STEPS.format(events[0], events[1], events[2], names, since)


ask("funnel", "order",
    "Users who, in the last 90 days, searched, then viewed a page, then added to cart, then "
    "purchased, all within 7 days",
    """funnel ("search" then "page_view" then "add_to_cart" then "purchase",
       like clickhouse_default) within 7 days in last 90 days reached 4""",
    [f"""SELECT DISTINCT u FROM (SELECT u, t, step, max(CASE WHEN step = 3 THEN s2 END) {ROWS} AS s3
        FROM (SELECT u, t, step, s1, max(CASE WHEN step = 2 THEN s1 END) {ROWS} AS s2
        FROM (SELECT u, t, step, max(CASE WHEN step = 1 THEN t END) {ROWS} AS s1
        FROM {steps("$90d", "search", "page_view", "add_to_cart", "purchase")})))
        WHERE step = 4 AND t - s3 <= 604800"""],
    ["""SELECT u FROM {E} WHERE event IN ('search', 'page_view', 'add_to_cart', 'purchase')
        AND t > $90d GROUP BY u HAVING windowFunnel(604800)(t, event = 'search',
        event = 'page_view', event = 'add_to_cart', event = 'purchase') = 4"""])

ask("onboarding_dropped", "order",
    "Users who completed their signup in the last year, but did not purchase within 30 days of "
    "beginning it",
    """funnel ("signup_started" then "signup_completed" then "purchase", like clickhouse_default)
       within 30 days in last 365 days dropped after 2""",
    [f"""SELECT u FROM (SELECT u, t, step, s1, max(CASE WHEN step = 2 THEN s1 END) {ROWS} AS s2
        FROM (SELECT u, t, step, max(CASE WHEN step = 1 THEN t END) {ROWS} AS s1
        FROM {steps("$365d", "signup_started", "signup_completed", "purchase")}))
        GROUP BY u HAVING coalesce(bool_or(step = 2 AND t - s1 <= 2592000), false)
        AND NOT coalesce(bool_or(step = 3 AND t - s2 <= 2592000), false)"""],
    ["""SELECT u FROM {E} WHERE event IN ('signup_started', 'signup_completed', 'purchase')
        AND t > $365d GROUP BY u HAVING windowFunnel(2592000)(t, event = 'signup_started',
        event = 'signup_completed', event = 'purchase') = 2"""])

ask("cart_24h", "order",
    "Users who added something to the cart in the last 3 days with no purchase after it within 24 "
    "hours",
    """sequence ("add_to_cart" then no "purchase" for 24 hours) in last 3 days""",
    ["""SELECT DISTINCT a.u FROM {E} AS a WHERE a.event = 'add_to_cart' AND a.t > $3d
        AND a.t <= $1d AND NOT EXISTS (SELECT 1 FROM {E} AS p WHERE p.u = a.u
        AND p.event = 'purchase' AND p.t > a.t AND p.t <= a.t + 86400)"""],
    ["""SELECT u FROM (SELECT u, groupArrayIf(t, event = 'add_to_cart' AND t <= $1d) AS a,
        groupArrayIf(t, event = 'purchase') AS p FROM {E} WHERE event IN ('add_to_cart', 'purchase')
        AND t > $3d GROUP BY u HAVING length(a) > 0)
        WHERE arrayExists(x -> NOT arrayExists(y -> y > x AND y <= x + 86400, p), a)"""])

# ---- shapes over time -------------------------------------------------------------------------

DAYS = "event = 'app_open' AND t > $60d"
RUNS = """WITH d AS (SELECT DISTINCT u, {day} AS day FROM {{E}} WHERE {days}),
    g AS (SELECT u, day - row_number() OVER (PARTITION BY u ORDER BY day) AS run FROM d)
    SELECT DISTINCT u FROM (SELECT u, run FROM g GROUP BY u, run HAVING count(*) >= 7) AS r"""

ask("streak_7", "order", "Users who opened the app on at least 7 days in a row in the last 60 days",
    'streak(day) of "app_open" in last 60 days >= 7',
    [RUNS.format(day="CAST(t AS BIGINT) // 86400", days=DAYS),
     f"""SELECT u FROM (SELECT u, x & (x >> 1) AS two, two & (two >> 2) AS four
         FROM (SELECT u, bit_or(1::UBIGINT << CAST((t - $60d) // 86400 AS INTEGER)) AS x
         FROM {{E}} WHERE {DAYS} GROUP BY u)) WHERE four & (four >> 3) <> 0"""],
    [RUNS.format(day="toInt64(intDiv(t, 86400))", days=DAYS),
     f"""SELECT u FROM (SELECT u, bitAnd(x, bitShiftRight(x, 1)) AS two,
         bitAnd(two, bitShiftRight(two, 2)) AS four
         FROM (SELECT u, groupBitOr(bitShiftLeft(toUInt64(1), intDiv(t - $60d, 86400))) AS x
         FROM {{E}} WHERE {DAYS} GROUP BY u))
         WHERE bitAnd(four, bitShiftRight(four, 3)) != 0"""])

WEEKS = """SELECT u FROM (SELECT u, {week} AS w FROM {{E}} WHERE event = 'app_open'
    AND t >= $2025-11-03 AND t < $2025-12-29 GROUP BY u, w HAVING count(*) >= 2) AS q
    GROUP BY u HAVING count(*) >= 6"""

ask("regular_twice", "tally",
    "Users who opened the app at least twice in each of at least 6 of the last 8 complete weeks",
    'did "app_open" at least 2 times in at least 6 of last 8 complete weeks',
    WEEKS.format(week="(t - $2025-11-03) // 604800"),
    WEEKS.format(week="intDiv(t - $2025-11-03, 604800)"))

SESSIONS = """WITH e AS (SELECT u, t, CASE WHEN t - {before} <= 1800 THEN 0 ELSE 1 END AS n
    FROM {{E}} WHERE t > $14d - 1801),
    s AS (SELECT u, t, sum(n) OVER (PARTITION BY u ORDER BY t
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM e)
    SELECT u FROM (SELECT u, s FROM s GROUP BY u, s
    HAVING min(t) > $14d AND max(t) - min(t) >= 300) AS q GROUP BY u HAVING count(*) >= 2"""

ask("sessions_2", "order",
    "Users with at least two sessions of 5 minutes or more that began in the last 14 days",
    """did session(gap 30 minutes) where (@duration >= 5 minutes) at least 2 times
       in last 14 days""",
    SESSIONS.format(before="lag(t) OVER (PARTITION BY u ORDER BY t)"),
    SESSIONS.format(before="lagInFrame(toInt64(t), 1, 0) OVER (PARTITION BY u ORDER BY t "
                           "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"))

OPENED = "event = 'app_open'"

ask("resurrected", "did",
    "Users who opened the app in the last 14 days, not in the 60 days before, but earlier",
    'resurrected(14 days, 60 days) of "app_open"',
    [f"""SELECT u FROM {{E}} WHERE {OPENED} GROUP BY u HAVING max(t) > $14d AND min(t) <= $74d
         AND count(*) FILTER (WHERE t > $74d AND t <= $14d) = 0"""],
    [f"""SELECT u FROM {{E}} WHERE {OPENED} GROUP BY u HAVING max(t) > $14d AND min(t) <= $74d
         AND countIf(t > $74d AND t <= $14d) = 0""",
     bitmaps("Andnot", "bitmapAnd(" + bitmap(OPENED + " AND t > $14d") + ", "
             + bitmap(OPENED + " AND t <= $74d") + ")",
             bitmap(OPENED + " AND t > $74d AND t <= $14d"))])

# ---- questions left out: reports, which the library does not make ------------------------------

LEFT_OUT = [
    "Of stored segment 2 split 50/50 into two variants, how many users in each purchased in the "
    "last 14 days, and for how much",
    "Lifetime revenue and number of buyers of each of the 200 stored segments",
]
