import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.template import engines

from tests.house.sources import ROOT, named, python_files

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SPRITES = sorted((ROOT / "oms/core/static").rglob("*.svg"))
ICON = re.compile(r"""{%\s*icon\s+["']([\w-]+)["']""")
ICON_IN_PYTHON = re.compile(r"""\bicon(?:=|\()["']([\w-]+)["']""")
SYMBOL = re.compile(r"""<symbol[^>]*\bid=["']([\w-]+)["']""")
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>\s*\S|<style[\s>]|\sstyle=|\son[a-z]+=[\"']|javascript:", re.I
)
COMMENT = re.compile(r"{#.*?#}|{%\s*comment.*?endcomment\s*%}", re.S)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_the_template_compiles(path):
    engines["django"].engine.from_string(path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_the_template_holds_no_inline_script_or_style(path):
    assert INLINE.search(COMMENT.sub("", path.read_text())) is None


def test_templates_are_formatted():
    djade = Path(sys.executable).with_name("djade")
    done = subprocess.run(
        [djade, "--check", "--target-version", "5.2", *TEMPLATES], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_every_icon_that_is_used_is_in_the_sprite():
    known = {name for sprite in SPRITES for name in SYMBOL.findall(sprite.read_text())}
    if not known:
        pytest.skip("there is no sprite")
    used = {name for path in TEMPLATES for name in ICON.findall(path.read_text())}
    used |= {name for path in python_files() for name in ICON_IN_PYTHON.findall(path.read_text())}
    wanted = {name for name in used if name not in known and f"i-{name}" not in known}

    assert wanted == set()
