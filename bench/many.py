"""200 segments as a company has them: the same leaves again and again, in other combinations."""

COUNTRIES = ["US", "IN", "GB", "DE", "FR", "BR", "JP", "KR", "CA", "AU"]
LEAVES = [
    'did "app_open" at least 5 times in last 7 days',
    'did "app_open" in last 30 days',
    'did "purchase" in last 30 days',
    'did "purchase" in last 90 days',
    'did "purchase" at least 2 times in last 365 days',
    'sum(amount) of "purchase" in last 365 days >= 200',
    'did "message_opened" where (channel = "push") in last 30 days',
    'did "video_watched" where (object = "tutorial") in last 90 days',
    'last any event older than 30 days',
    'first "purchase" in last 60 days',
    'did "add_to_cart" in last 7 days',
    'did "refund" in last 90 days',
    'did "review_submitted" where (stars >= 4) in last 180 days',
    'did "level_completed" at least 3 times in last 30 days',
    'did "search" in last 14 days',
    'plan in ("pro", "enterprise")',
    'age between 25 and 34',
    'interests has any ("travel", "music")',
    'employed = true',
]


def predicates(count=200):
    """[(name, predicate)]: country and two or three leaves, some of them negated."""
    made = []
    for number in range(count):
        country = COUNTRIES[number % len(COUNTRIES)]
        first = LEAVES[number % len(LEAVES)]
        second = LEAVES[(number * 7 + 3) % len(LEAVES)]
        third = LEAVES[(number * 5 + 11) % len(LEAVES)]
        word = ("and", "or", "and not", "except")[number % 4]
        text = f'country = "{country}" and ({first} {word.replace("except", "and not")} ({second}))'
        if number % 3 == 0:
            text += f" and not ({third})"
        made.append((f"many_{number}", text))
    return made
