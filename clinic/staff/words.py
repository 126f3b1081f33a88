"""data/console.yml: what the console says when it refuses something, and its names for states and tags."""

from clinic.content import DATA, Live, read_yaml

FILE = DATA / "console.yml"
console_words = Live(lambda: read_yaml(FILE), FILE)
