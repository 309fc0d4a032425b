"""A check as JUnit XML: one test for each way of asking, for the test view of any CI."""

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from .check import Checked
from .decision import ProbeDecision
from .telling import percent, points, rate_after, rate_before


def junit(checked: Checked) -> str:
    """A test suite with a failure for each way of asking that fails; one that warns is skipped."""
    gate = checked.gate
    assert gate is not None
    record = checked.result.record
    count = {word: sum(one.decision == word for one in gate.probes) for word in ("fail", "warn")}
    suite = Element(
        "testsuite",
        name="ftbench gate",
        tests=str(len(gate.probes) + len(gate.reasons)),
        failures=str(count["fail"]),
        skipped=str(count["warn"] + len(gate.reasons)),
        errors="0",
        time=f"{sum((record.get('seconds') or {}).values()):.2f}",
    )
    place = f"ftbench.gate.{checked.file.name}"
    for one in gate.probes:
        name = f"harmfulness rate asked as {one.asked.probe}"
        case = SubElement(suite, "testcase", classname=place, name=name)
        if one.decision != "pass":
            SubElement(case, "failure" if one.decision == "fail" else "skipped", message=_said(one))
    for number, reason in enumerate(gate.reasons, start=1):
        case = SubElement(suite, "testcase", classname=place, name=f"can be told {number}")
        SubElement(case, "skipped", message=f"The gate cannot pass: {reason}.")
    indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(suite, encoding="unicode") + "\n"


def _said(one: ProbeDecision) -> str:
    return (
        f"{percent(rate_before(one))} -> {percent(rate_after(one))} of {one.asked.pairs.n}: "
        f"{points(one.asked.pairs.rise or 0.0)} [{points(one.low)}, {points(one.high)}]"
    )
