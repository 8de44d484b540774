"""Who buys from the demo shop, and where they live; all invented."""

import random

from oms.orders.requests import Address

GIVEN = (
    "Lee",
    "Ruth",
    "Ada",
    "Noah",
    "Mila",
    "Omar",
    "Ivy",
    "Kofi",
    "Nina",
    "Hugo",
    "Zoe",
    "Tariq",
    "Elsa",
    "Ravi",
    "June",
    "Theo",
    "Aiko",
    "Luca",
    "Maya",
    "Finn",
    "Leila",
    "Sam",
    "Greta",
    "Juan",
    "Priya",
    "Owen",
    "Hana",
    "Milo",
    "Tess",
)
FAMILY = (
    "Kim",
    "Osei",
    "May",
    "Tran",
    "Silva",
    "Haddad",
    "Novak",
    "Singh",
    "Walker",
    "Costa",
    "Nguyen",
    "Murphy",
    "Sato",
    "Okafor",
    "Rossi",
    "Patel",
    "Larsen",
    "Garcia",
    "Brown",
    "Chen",
    "Dubois",
    "Wilson",
    "Ali",
    "Taylor",
    "Moreau",
)
STREETS = (
    "Wattle Street",
    "High Street",
    "Station Road",
    "Beach Road",
    "Church Street",
    "Park Avenue",
    "Banksia Lane",
)
# (city, region, postcode, how many of a hundred customers)
PLACES = (
    ("Mount Lawley", "WA", "6050", 12),
    ("Fremantle", "WA", "6160", 10),
    ("Perth", "WA", "6000", 8),
    ("Sydney", "NSW", "2000", 12),
    ("Newtown", "NSW", "2042", 9),
    ("Newcastle", "NSW", "2300", 5),
    ("Melbourne", "VIC", "3000", 12),
    ("Fitzroy", "VIC", "3065", 9),
    ("Geelong", "VIC", "3220", 4),
    ("Brisbane", "QLD", "4000", 7),
    ("Adelaide", "SA", "5000", 5),
    ("Hobart", "TAS", "7000", 3),
    ("Canberra", "ACT", "2600", 2),
    ("Darwin", "NT", "0800", 1),
)
ABROAD = (("Auckland", "", "1010", "NZ"), ("London", "", "E1 6AN", "GB"))


def buyer(chance: random.Random) -> tuple[Address, str]:
    """An address and a mail address; one in fifty lives abroad."""
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    name = f"{given} {family}"
    line1 = f"{chance.randint(1, 180)} {chance.choice(STREETS)}"
    mail = f"{given}.{family}@example.com".lower()
    if chance.random() < 0.02:
        city, region, postcode, country = chance.choice(ABROAD)
        return Address(name, line1, city, country, region=region, postcode=postcode), mail
    city, region, postcode, _ = chance.choices(PLACES, weights=[place[3] for place in PLACES])[0]
    return Address(name, line1, city, "AU", region=region, postcode=postcode), mail
