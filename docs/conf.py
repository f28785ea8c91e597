"""Sphinx's settings: python -m sphinx -W -b html docs docs/_build/html."""

import os
import re
import sys
from pathlib import Path

import sklearn_lhy

sys.path.insert(0, str(Path(__file__).parent))  # for gallery_order

project = "sklearn_lhy"
author = copyright = "The sklearn_lhy developers"
version = release = sklearn_lhy.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"
smartquotes = False  # quoted values are there to be copied
toc_object_entries_show_parents = "hide"

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
numpydoc_show_class_members = False  # the template lists them
autosummary_generate = True
autodoc_typehints = "none"

if os.environ.get("INTERSPHINX"):  # other projects' indices come from the network
    intersphinx_mapping = {
        "numpy": ("https://numpy.org/doc/stable/", None),
        "scipy": ("https://docs.scipy.org/doc/scipy/", None),
        "sklearn": ("https://scikit-learn.org/stable/", None),
    }

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": "plot_",
    "within_subsection_order": "gallery_order.LectureOrder",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sklearn_lhy",),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_memory": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_lhy"
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": False,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "header_links_before_dropdown": 7,
}
html_sidebars = {
    page: [] for page in ("which", "lecture*", "contributing")
}  # they have no children
html_static_path = ["_static"]
html_css_files = ["site.css"]


def link(app, name, source):
    """Give the Markdown pages, which are read in the repository too, the links of the site."""
    text = re.sub(
        r"\[plot_\w+\]\(\.\./examples/(plot_\w+)\.py\)", r"[](auto_examples/\1.rst)", source[0]
    )
    names = "|".join(sklearn_lhy.__all__)
    source[0] = re.sub(rf"`((?:{names})(?:\.\w+)?)`", r"{py:obj}`\1 <sklearn_lhy.\1>`", text)


def setup(app):
    """Connect `link`."""
    app.connect("source-read", link)
