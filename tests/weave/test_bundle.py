"""bundle.py: one zip file with the code and the data that the blocks read, the same every time."""

import io
import os
import zipfile

import pytest

from weave.bundle import make_bundle


@pytest.fixture
def root(tmp_path):
    files = {
        "snippets/__init__.py": "",
        "snippets/count.py": 'FILE = "data/counts.json"\n',
        "figures/deep/draw.py": "",
        "figures/notes.txt": "",
        "data/counts.json": "{}",
        "data/other.json": "{}",
        "data/models/a.json": "{}",
        "data/models/b.json": "{}",
        "docs/assets/style.css": "",
        "LICENSE": "MIT",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


CODE = ["LICENSE", "data/counts.json", "figures/deep/draw.py", "snippets/__init__.py"]
CODE.append("snippets/count.py")


def names(bundle):
    return zipfile.ZipFile(io.BytesIO(bundle.content)).namelist()


@pytest.mark.parametrize(
    ("source", "read"),
    [
        ("x = 1", []),
        ("open('data/other.json')", ["data/other.json"]),
        ('open(f"data/models/{m}.json")', ["data/models/a.json", "data/models/b.json"]),
        ('Path("data/models") / name', ["data/models/a.json", "data/models/b.json"]),
        ("# see data/other.json", []),
        ("STYLES = ('docs/assets/style.css', 'docs/assets/gone.css')", ["docs/assets/style.css"]),
    ],
)
def test_a_bundle_holds_the_code_and_the_data_that_is_named(root, source, read):
    assert names(make_bundle(root, "site", [source])) == sorted([*CODE, *read])


def test_equal_files_give_equal_bytes_and_other_files_another_name(root):
    bundle = make_bundle(root, "site", [])
    os.utime(root / "snippets/count.py", (1, 1))
    assert make_bundle(root, "site", []) == bundle
    (root / "snippets/count.py").write_text("FILE = 'data/counts.json'  # new", encoding="utf-8")
    assert make_bundle(root, "site", []).name != bundle.name
    assert bundle.name == f"site.{bundle.digest[:10]}.zip"
