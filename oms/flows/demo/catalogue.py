"""What the demo shop sells: some 500 home goods with prices, weights and valid barcodes."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from stdnum import ean

# Family: (name, category, cents, grams, tags)
FAMILIES = (
    ("Mug 350 ml", "kitchen", 2400, 380, ("fragile",)),
    ("Espresso cup", "kitchen", 1600, 160, ("fragile",)),
    ("Dinner plate", "kitchen", 2800, 620, ("fragile",)),
    ("Cereal bowl", "kitchen", 2200, 420, ("fragile",)),
    ("Serving platter", "kitchen", 6900, 1400, ("fragile",)),
    ("Teapot 1 l", "kitchen", 7900, 980, ("fragile",)),
    ("Storage jar", "kitchen", 3200, 540, ("fragile",)),
    ("Chopping board", "kitchen", 4500, 900, ()),
    ("Linen tea towel", "textiles", 1800, 120, ()),
    ("Napkin, set of 4", "textiles", 3600, 180, ()),
    ("Table runner", "textiles", 5400, 310, ()),
    ("Apron", "textiles", 4900, 260, ()),
    ("Cushion cover 50 cm", "textiles", 4200, 240, ()),
    ("Throw blanket", "textiles", 12900, 1100, ()),
    ("Bath towel", "bathroom", 4400, 620, ()),
    ("Hand towel", "bathroom", 2200, 260, ()),
    ("Soap dish", "bathroom", 1900, 210, ("fragile",)),
    ("Bath mat", "bathroom", 5200, 900, ()),
    ("Scented candle", "living", 3900, 480, ()),
    ("Vase, tall", "living", 6400, 1200, ("fragile",)),
    ("Picture frame A4", "living", 3400, 700, ("fragile",)),
    ("Desk lamp", "living", 11900, 1800, ("fragile", "electrical")),
    ("Woven basket", "living", 5900, 800, ()),
    ("Plant pot 18 cm", "garden", 3800, 1300, ("fragile",)),
    ("Watering can", "garden", 5600, 700, ()),
    ("Garden gloves", "garden", 2600, 140, ()),
    ("Outdoor lantern", "garden", 8400, 1500, ()),
)
COLOURS = (
    "white",
    "blue",
    "green",
    "sand",
    "charcoal",
    "rust",
    "ochre",
    "blush",
    "sage",
    "navy",
    "clay",
    "ivory",
    "olive",
    "plum",
    "slate",
    "coral",
    "mustard",
    "teal",
    "stone",
)
FIRST_CODE = 4400
GS1_AUSTRALIA = "9300"


@dataclass(frozen=True, slots=True)
class Article:
    """One SKU of the demo shop; cost is 38 % of the price."""

    code: str
    name: str
    category: str
    price: Decimal
    grams: int
    tags: tuple[str, ...]
    barcode: str

    @property
    def cost(self) -> Decimal:
        """What one piece costs the shop."""
        return (self.price * Decimal("0.38")).quantize(Decimal("0.01"))


def articles() -> Iterator[Article]:
    """Every article, always the same, in the order of their codes."""
    for number, (family, colour) in enumerate(product(FAMILIES, COLOURS)):
        name, category, cents, grams, tags = family
        code = str(FIRST_CODE + number)
        digits = f"{GS1_AUSTRALIA}{FIRST_CODE + number:08d}"
        yield Article(
            code,
            f"{name}, {colour}",
            category,
            Decimal(cents).scaleb(-2),
            grams,
            tags,
            digits + ean.calc_check_digit(digits),
        )
