"""The crisis screen: rules that read a visitor's words before anything else does.

It imports nothing of the project, reaches no network and loads its rules on first use.
"""

from screen.assess import assess, explain, warm_up
from screen.explanation import Explanation
from screen.model import About, Assessment, Evidence, Risk, Severity

__all__ = ["About", "Assessment", "Evidence", "Explanation", "Risk", "Severity", "assess", "explain", "warm_up"]
