"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CHART = ROOT / "helm" / "vestibule"
HERE = ROOT / "tests" / "chart"
