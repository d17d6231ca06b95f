"""A page's code may not write into the repository: other pages read it, and `serve` watches."""

import pytest

from tests.weave.pages import block, problems
from weave.page import ROOT

MESSAGE = "PermissionError: a page may not write into the repository: "


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("open('data/made.json', 'w')", "data/made.json"),
        ("open('LICENSE', 'a')", "LICENSE"),
        ("from pathlib import Path\nPath('docs/made.md').write_text('')", "docs/made.md"),
        ("import numpy as np\nnp.save('data/made.npy', np.ones(2))", "data/made.npy"),
        ("import os\nos.mkdir('data/made')", "data/made"),
        ("import os\nos.rename('LICENSE', '../made')", "LICENSE"),
        ("import os, shutil\nshutil.copy('LICENSE', 'data')", "data/LICENSE"),
        (f"import os\nos.remove({str(ROOT / 'data/references.bib')!r})", "data/references.bib"),
    ],
)
def test_what_writes_below_the_root_is_refused_by_line(code, path):
    line = 1 + code.count("\n") + 1
    assert problems(block(code)) == [f"page.md:{line}: {MESSAGE}{path}"]
    assert path in ("LICENSE", "data/references.bib") or not (ROOT / path).exists()


def test_reading_is_free_and_so_is_writing_elsewhere(tmp_path):
    code = f"""\
import os, tempfile
from pathlib import Path
Path({str(tmp_path)!r}, 'made').write_text(Path('LICENSE').read_text().partition('\\n')[0])
Path('.cache').mkdir(exist_ok=True)
Path('.cache/made').write_text('')
os.remove('.cache/made')
with tempfile.TemporaryFile() as made:
    made.write(b'x')"""
    assert problems(block(code)) == []
    assert (tmp_path / "made").read_text() == "MIT License"
