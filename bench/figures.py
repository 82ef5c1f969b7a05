# SPDX-License-Identifier: GPL-2.0-or-later
# One figure of the benchmark suite, as the programs in C print it: median, spread, ratio to a reference, goal.
import math


def percentile(values, part):
    """The value below which `part` of the values lie."""
    return sorted(values)[int(part * (len(values) - 1) + 0.5)]


def rounded(number):
    """Six digits are more than any measurement has."""
    return float('%.6g' % number) if math.isfinite(number) else None


def figure(name, case, unit, values, reference=None, reference_values=(), goal_value=None, goal_ratio=None):
    """The figure of some runs; the reference's values were measured right beside them."""
    value = percentile(values, 0.5)
    result = {'name': name, 'case': case, 'value': rounded(value), 'unit': unit,
              'low': rounded(percentile(values, 0.1)), 'high': rounded(percentile(values, 0.9)), 'runs': len(values)}
    ratio = None
    if reference:
        reference_value = percentile(reference_values, 0.5)
        ratio = value / reference_value if reference_value else math.inf
        result.update(reference=reference, reference_value=rounded(reference_value), ratio=rounded(ratio))
    goals = []
    if goal_value is not None:
        goals.append(('<= %g %s' % (goal_value, unit), value <= goal_value))
    if goal_ratio is not None:
        goals.append(('ratio <= %g' % goal_ratio, ratio <= goal_ratio))
    if goals:
        result.update(goal=' and '.join(text for text, _ in goals), met=all(met for _, met in goals))
    return result


def missing(name, case, unit, why):
    """A figure that could not be taken."""
    return {'name': name, 'case': case, 'value': None, 'unit': unit, 'why': why}
