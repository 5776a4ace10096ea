/* gen_tables.c - distributions and words of the generator, as integers and texts.
 *
 * The distributions are quantiles of log-normal ones, computed once and written down here, so that
 * no machine's mathematical library has a say in the rows. */
#include "gen_tables.h"

/* exp(1.3 z) x 1000 at the middle of each of 256 equal shares of the normal distribution. */
const uint32_t gen_activity[256] = {
    23,    38,    48,    57,   65,   72,   79,   86,   92,    98,    104,   110,   116,   122,
    128,   133,   139,   144,  150,  156,  161,  167,  172,   178,   183,   188,   194,   199,
    205,   210,   216,   221,  227,  232,  238,  244,  249,   255,   260,   266,   272,   278,
    283,   289,   295,   301,  307,  313,  319,  325,  331,   337,   343,   349,   355,   361,
    368,   374,   380,   387,  393,  400,  406,  413,  419,   426,   433,   440,   447,   453,
    460,   467,   475,   482,  489,  496,  504,  511,  518,   526,   534,   541,   549,   557,
    565,   573,   581,   589,  597,  605,  613,  622,  630,   639,   648,   656,   665,   674,
    683,   692,   702,   711,  720,  730,  739,  749,  759,   769,   779,   789,   799,   810,
    820,   831,   842,   853,  864,  875,  886,  897,  909,   921,   932,   944,   956,   969,
    981,   994,   1006,  1019, 1032, 1046, 1059, 1073, 1086,  1100,  1114,  1129,  1143,  1158,
    1173,  1188,  1203,  1219, 1235, 1251, 1267, 1284, 1300,  1317,  1335,  1352,  1370,  1388,
    1407,  1425,  1444,  1464, 1483, 1503, 1523, 1544, 1565,  1586,  1608,  1630,  1652,  1675,
    1699,  1722,  1747,  1771, 1796, 1822, 1848, 1874, 1901,  1929,  1957,  1986,  2015,  2045,
    2076,  2107,  2139,  2172, 2205, 2239, 2274, 2310, 2347,  2384,  2423,  2462,  2502,  2544,
    2586,  2630,  2674,  2720, 2768, 2816, 2866, 2917, 2970,  3025,  3081,  3139,  3199,  3260,
    3324,  3390,  3458,  3529, 3602, 3678, 3757, 3839, 3924,  4013,  4105,  4201,  4302,  4407,
    4517,  4632,  4754,  4881, 5015, 5157, 5306, 5465, 5633,  5813,  6004,  6208,  6428,  6665,
    6921,  7199,  7503,  7836, 8204, 8613, 9071, 9590, 10184, 10874, 11688, 12671, 13891, 15464,
    17611, 20818, 26487, 42577};

/* Cents: median 3,500, sigma 0.95, at the borders of 64 equal shares. */
const uint32_t gen_amounts[65] = {
    227,  452,  596,  712,  815,   910,   1001,  1088,  1173,  1257,  1341,  1424,  1507,
    1590, 1674, 1759, 1844, 1931,  2019,  2109,  2200,  2293,  2388,  2486,  2586,  2688,
    2794, 2902, 3014, 3130, 3249,  3372,  3500,  3633,  3771,  3914,  4064,  4221,  4385,
    4557, 4737, 4928, 5129, 5342,  5568,  5810,  6067,  6344,  6643,  6966,  7318,  7704,
    8130, 8604, 9136, 9742, 10439, 11259, 12242, 13459, 15032, 17200, 20540, 27084, 53894};

/* Median 42,000, sigma 0.62. */
const uint32_t gen_incomes[65] = {
    7051,  11048, 13234, 14859, 16224,  17438,  18551,  19593,  20583,  21534, 22454,
    23352, 24231, 25097, 25953, 26802,  27646,  28488,  29330,  30173,  31020, 31871,
    32729, 33595, 34471, 35357, 36256,  37169,  38097,  39043,  40007,  40992, 42000,
    43033, 44092, 45181, 46303, 47459,  48654,  49891,  51174,  52507,  53896, 55347,
    56867, 58462, 60143, 61920, 63806,  65816,  67969,  70287,  72799,  75541, 78560,
    81919, 85703, 90034, 95091, 101160, 108725, 118718, 133295, 159664, 250167};

/* Median 60, sigma 1.1, cut to 5 .. 900. */
const uint32_t gen_seconds[65] = {5,   6,   8,   9,   11,  13,  14,  16,  17,  18,  20,  21,  23,
                                  24,  26,  27,  29,  30,  32,  33,  35,  37,  39,  40,  42,  44,
                                  46,  48,  50,  53,  55,  57,  60,  63,  65,  68,  71,  75,  78,
                                  81,  85,  89,  93,  98,  103, 108, 113, 119, 126, 133, 141, 150,
                                  159, 170, 182, 196, 213, 232, 256, 285, 324, 379, 466, 641, 900};

/* 10000 / rank^0.85. */
const uint32_t gen_ranks[40] = {10000, 5548, 3930, 3078, 2546, 2181, 1913, 1708, 1545, 1413,
                                1303,  1210, 1130, 1061, 1001, 947,  900,  857,  819,  784,
                                752,   723,  696,  671,  648,  627,  607,  589,  571,  555,
                                540,   526,  512,  499,  487,  475,  465,  454,  444,  435};

/* When in the day sessions begin: the share before each hour, of 2^22. */
const uint32_t gen_hours[25] = {0,       46647,   77744,   101068,  120504,  139940,  171037,
                                241007,  373173,  551984,  754120,  967916,  1193375, 1449931,
                                1690938, 1908622, 2118532, 2336216, 2577223, 2857102, 3183628,
                                3541252, 3867778, 4085462, 4194304};

const char *const gen_event_names[GEN_EVENT_TYPES] = {
    "app_open",      "page_view",       "purchase",         "search",
    "add_to_cart",   "refund",          "signup_started",   "signup_completed",
    "video_watched", "level_completed", "review_submitted", "message_opened"};

const char *const gen_categories[GEN_CATEGORIES] = {
    "electronics", "clothing", "shoes",   "beauty",  "home",       "kitchen",   "toys",
    "books",       "sports",   "garden",  "grocery", "jewelry",    "gifts",     "accessories",
    "furniture",   "pets",     "baby",    "office",  "automotive", "music",     "games",
    "health",      "outdoors", "bags",    "watches", "lighting",   "tools",     "stationery",
    "bedding",     "bath",     "cameras", "phones",  "audio",      "computers", "crafts",
    "art",         "travel",   "fitness", "food",    "drinks"};

const char *const gen_objects[GEN_OBJECTS] = {"person",   "dog",      "cat",  "car",
                                              "package",  "tutorial", "bird", "bicycle",
                                              "delivery", "plant",    "baby", "drone"};

const char *const gen_channels[GEN_CHANNELS] = {"email", "push", "in_app", "sms", "webhook"};

const char *const gen_plans[GEN_PLANS] = {"free", "basic", "pro", "enterprise"};

const char *const gen_interests[GEN_INTERESTS] = {
    "travel",  "music",    "sports",      "cooking", "fitness",    "gaming",
    "movies",  "books",    "photography", "fashion", "technology", "gardening",
    "art",     "hiking",   "camping",     "cars",    "pets",       "dance",
    "yoga",    "running",  "wine",        "coffee",  "crafts",     "history",
    "science", "politics", "finance",     "food",    "diy",        "astrology"};

const char *const gen_sections[GEN_SECTIONS] = {
    "home",    "products", "product",  "category", "cart",   "checkout", "account",
    "orders",  "wishlist", "help",     "blog",     "deals",  "new",      "brands",
    "reviews", "compare",  "shipping", "returns",  "stores", "about"};

const char *const gen_adjectives[GEN_ADJECTIVES] = {
    "red",     "blue",    "green",   "black",  "white",      "small",    "large",   "cheap",
    "new",     "used",    "warm",    "light",  "waterproof", "wireless", "organic", "vintage",
    "modern",  "classic", "leather", "cotton", "wooden",     "steel",    "mini",    "portable",
    "smart",   "kids",    "mens",    "womens", "winter",     "summer",   "soft",    "heavy",
    "slim",    "folding", "silent",  "fast",   "natural",    "round",    "square",  "long",
    "short",   "thick",   "thin",    "bright", "dark",       "yellow",   "pink",    "grey",
    "striped", "plain"};

const char *const gen_nouns[GEN_NOUNS] = {
    "shoes",     "jacket",      "dress",    "lamp",       "chair",   "table",  "phone",
    "case",      "cable",       "charger",  "headphones", "speaker", "watch",  "ring",
    "necklace",  "bag",         "backpack", "wallet",     "belt",    "hat",    "scarf",
    "gloves",    "socks",       "shirt",    "jeans",      "skirt",   "coat",   "boots",
    "sandals",   "sneakers",    "camera",   "lens",       "tripod",  "drone",  "laptop",
    "tablet",    "monitor",     "keyboard", "mouse",      "printer", "desk",   "sofa",
    "bed",       "pillow",      "blanket",  "towel",      "curtain", "rug",    "mirror",
    "clock",     "vase",        "candle",   "plant",      "pot",     "pan",    "knife",
    "spoon",     "fork",        "plate",    "bowl",       "cup",     "mug",    "bottle",
    "kettle",    "toaster",     "blender",  "oven",       "fridge",  "heater", "fan",
    "tent",      "rope",        "bike",     "helmet",     "ball",    "racket", "skates",
    "puzzle",    "doll",        "robot",    "car",        "train",   "book",   "pen",
    "pencil",    "notebook",    "paint",    "brush",      "guitar",  "piano",  "drum",
    "flute",     "bird-feeder", "dog-bed",  "cat-toy",    "leash",   "tea",    "coffee",
    "chocolate", "honey"};

const char *const gen_countries[GEN_COUNTRIES] = {
    "US", "IN", "GB", "DE", "FR", "BR", "JP", "KR", "CA", "AU", "ES", "IT", "MX", "ID", "NL", "TR",
    "PL", "PH", "VN", "SE", "CH", "BE", "AR", "TH", "ZA", "NG", "EG", "CO", "AT", "DK", "NO", "FI",
    "IE", "PT", "CZ", "RO", "GR", "HU", "IL", "AE", "SA", "SG", "MY", "HK", "TW", "NZ", "CL", "PE",
    "UA", "PK", "BD", "KE", "MA", "GH", "LK", "HR", "BG", "RS", "SK", "SI", "LT", "EE"};

const char *const gen_zones[GEN_ZONES] = {
    "America/New_York",  "America/Los_Angeles", "America/Chicago",
    "Asia/Kolkata",      "Europe/London",       "Europe/Berlin",
    "Europe/Paris",      "America/Sao_Paulo",   "Asia/Tokyo",
    "Asia/Seoul",        "America/Toronto",     "America/Vancouver",
    "Australia/Sydney",  "Australia/Melbourne", "Europe/Madrid",
    "Europe/Rome",       "America/Mexico_City", "Asia/Jakarta",
    "Europe/Amsterdam",  "Europe/Istanbul",     "Europe/Warsaw",
    "Asia/Manila",       "Asia/Ho_Chi_Minh",    "Europe/Stockholm",
    "Europe/Zurich",     "Europe/Brussels",     "America/Argentina/Buenos_Aires",
    "Asia/Bangkok",      "Africa/Johannesburg", "Africa/Lagos",
    "Africa/Cairo",      "America/Bogota",      "Europe/Vienna",
    "Europe/Copenhagen", "Europe/Oslo",         "Europe/Helsinki",
    "Europe/Dublin",     "Europe/Lisbon",       "Europe/Prague",
    "Europe/Bucharest",  "Europe/Athens",       "Europe/Budapest",
    "Asia/Jerusalem",    "Asia/Dubai",          "Asia/Riyadh",
    "Asia/Singapore",    "Asia/Kuala_Lumpur",   "Asia/Hong_Kong",
    "Asia/Taipei",       "Pacific/Auckland",    "America/Santiago",
    "America/Lima",      "Europe/Kyiv",         "Asia/Karachi",
    "Asia/Dhaka",        "Africa/Nairobi",      "Africa/Casablanca",
    "Africa/Accra",      "Asia/Colombo",        "Europe/Zagreb",
    "Europe/Sofia",      "Europe/Belgrade",     "Europe/Bratislava",
    "Europe/Ljubljana",  "Europe/Vilnius",      "Europe/Tallinn"};

/* Cities: country, time zone, latitude and longitude in 10^-7 degree, weight among users. */
const gen_place gen_places[GEN_PLACES] = {
    {0, 0, 407128000, -740060000, 120},  {0, 1, 340522000, -1182437000, 80},
    {0, 2, 418781000, -876298000, 60},   {0, 2, 297604000, -953698000, 40},
    {1, 3, 190760000, 728777000, 60},    {1, 3, 286139000, 772090000, 50},
    {2, 4, 515074000, -1278000, 60},     {2, 4, 534808000, -22426000, 20},
    {3, 5, 525200000, 134050000, 40},    {3, 5, 481351000, 115820000, 30},
    {4, 6, 488566000, 23522000, 45},     {4, 6, 457640000, 48357000, 15},
    {5, 7, -235505000, -466333000, 55},  {6, 8, 356762000, 1396503000, 50},
    {6, 8, 346937000, 1355023000, 18},   {7, 9, 375665000, 1269780000, 40},
    {7, 9, 351796000, 1290756000, 10},   {8, 10, 436532000, -793832000, 30},
    {8, 11, 492827000, -1231207000, 12}, {9, 12, -338688000, 1512093000, 22},
    {9, 13, -378136000, 1449631000, 14}, {10, 14, 404168000, -37038000, 28},
    {10, 14, 413874000, 21686000, 12},   {11, 15, 419028000, 124964000, 22},
    {11, 15, 454642000, 91900000, 14},   {12, 16, 194326000, -991332000, 32},
    {13, 17, -62088000, 1068456000, 30}, {14, 18, 523676000, 49041000, 22},
    {15, 19, 410082000, 289784000, 22},  {16, 20, 522297000, 210122000, 20},
    {17, 21, 145995000, 1209842000, 18}, {18, 22, 108231000, 1066297000, 16},
    {19, 23, 593293000, 180686000, 14},  {20, 24, 473769000, 85417000, 13},
    {21, 25, 508503000, 43517000, 12},   {22, 26, -346037000, -583816000, 14},
    {23, 27, 137563000, 1005018000, 14}, {24, 28, -262041000, 280473000, 12},
    {25, 29, 65244000, 33792000, 12},    {26, 30, 300444000, 312357000, 11},
    {27, 31, 47110000, -740721000, 11},  {28, 32, 482082000, 163738000, 9},
    {29, 33, 556761000, 125683000, 9},   {30, 34, 599139000, 107522000, 9},
    {31, 35, 601699000, 249384000, 8},   {32, 36, 533498000, -62603000, 8},
    {33, 37, 387223000, -91393000, 8},   {34, 38, 500755000, 144378000, 7},
    {35, 39, 444268000, 261025000, 7},   {36, 40, 379838000, 237275000, 7},
    {37, 41, 474979000, 190402000, 6},   {38, 42, 320853000, 347818000, 7},
    {39, 43, 252048000, 552708000, 8},   {40, 44, 247136000, 466753000, 8},
    {41, 45, 13521000, 1038198000, 8},   {42, 46, 31390000, 1016869000, 9},
    {43, 47, 223193000, 1141694000, 7},  {44, 48, 250330000, 1215654000, 10},
    {45, 49, -368509000, 1747645000, 6}, {46, 50, -334489000, -706693000, 8},
    {47, 51, -120464000, -770428000, 7}, {48, 52, 504501000, 305234000, 8},
    {49, 53, 248607000, 670011000, 9},   {50, 54, 238103000, 904125000, 8},
    {51, 55, -12921000, 368219000, 6},   {52, 56, 335731000, -75898000, 5},
    {53, 57, 56037000, -1870000, 4},     {54, 58, 69271000, 798612000, 4},
    {55, 59, 458150000, 159819000, 4},   {56, 60, 426977000, 233219000, 4},
    {57, 61, 447866000, 204489000, 4},   {58, 62, 481486000, 171077000, 4},
    {59, 63, 460569000, 145058000, 3},   {60, 64, 546872000, 252797000, 3},
    {61, 65, 594370000, 247536000, 2}};
