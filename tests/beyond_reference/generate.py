"""Writes cases.json: small data and the numbers that statistics beyond the reference must give for it.

Needs numpy, scipy, pandas and statsmodels; the tests read only the file. Own quantile intervals come from scipy's quantile_test, comparisons of quantiles from
enumerating the two ranks, Welch's intervals from scipy's ttest_ind, adjusted ratios from statsmodels' least squares. Run it in this folder: python3 generate.py
"""

import json
from itertools import product

import numpy as np
from scipy import stats

BRANCHES = ["a", "b"]


def number(value):
    return float(value) if np.isfinite(value) else None


def row(branch, reference, comparison, parameter, point, lower, upper):
    return {
        "branch": branch, "comparison": comparison, "comparison_to_branch": reference, "parameter": parameter,
        "point": number(point), "lower": number(lower), "upper": number(upper),
    }


def case(name, data, statistic, params, rows, metric="v", treatments=()):
    branches = [b for b in data for _ in range(len(next(iter(data[b].values()))))]
    columns = {"branch": branches}
    for column in next(iter(data.values())):
        columns[column] = [None if value is None or np.isnan(value) else float(value) for b in data for value in data[b][column]]
    return {"name": name, "columns": columns, "metric": metric, "statistic": statistic, "params": params, "pre_treatments": list(treatments), "rows": rows}


def enumerated(b, r, q, tail, transform, combine):
    """The quantile of order `tail` of b's lower bound less (or over) r's upper bound, over all pairs of ranks."""
    b, r = np.sort(transform(b)), np.sort(transform(r))
    weights = {}
    for i, j in product(range(len(b) + 1), range(len(r) + 1)):
        low = b[i - 1] if i > 0 else -np.inf
        high = r[j] if j < len(r) else np.inf
        value = -np.inf if np.isinf(low) or np.isinf(high) else low - high
        weight = stats.binom.pmf(i, len(b), q) * stats.binom.pmf(j, len(r), q)
        key = float(f"{value:.11g}")  # differences that are equal but for rounding are one
        weights[key] = weights.get(key, 0.0) + weight
    total = 0.0
    for value in sorted(weights):
        total += weights[value]
        if total >= tail - 1e-12:
            return combine(value) if np.isfinite(value) else np.nan
    return np.nan


def quantiles(name, data, orders, confidence, sign=1):
    values = {b: np.array([v for v in data[b]["v"] if v is not None and not np.isnan(v)], float) for b in data}
    tail = (1 - confidence) / 2
    rows = []
    for q in orders:
        word = repr(round(q, 6))
        for b in data:
            interval = stats.quantile_test(values[b], p=q).confidence_interval(confidence)
            rows.append(row(b, None, None, word, np.quantile(values[b], q), interval.low, interval.high))
        for b, r in [("a", "b"), ("b", "a")]:
            x, y = values[b], values[r]
            xq, yq = np.quantile(x, q), np.quantile(y, q)
            same = lambda v: v
            rows.append(row(b, r, "difference", word, xq - yq, enumerated(x, y, q, tail, same, same), -enumerated(y, x, q, tail, same, same)))
            log = lambda v: np.log(sign * v)
            low, high = (x, y), (y, x)
            # Turning the sign turns the order.
            order = q if sign > 0 else 1 - q
            ends = [enumerated(*low, order, tail, log, lambda d: np.exp(d) - 1), enumerated(*high, order, tail, log, lambda d: np.exp(-d) - 1)]
            rows.append(row(b, r, "relative_uplift", word, xq / yq - 1, *ends))
    return case(name, data, "quantiles", {"quantiles": orders, "confidence_interval": confidence}, rows)


def log_interval(mb, vb, fb, mr, vr, fr, p):
    lb, lr = vb / mb**2, vr / mr**2
    freedom = (lb + lr) ** 2 / (lb**2 / fb + lr**2 / fr)
    half = stats.t.ppf(p, freedom) * np.sqrt(lb + lr)
    ratio = mb / mr
    return ratio - 1, ratio * np.exp(-half) - 1, ratio * np.exp(half) - 1


def winsorized(name, data, lowest, highest, confidence):
    values = {b: np.array([v for v in data[b]["v"] if v is not None and not np.isnan(v)], float) for b in data}
    pooled = np.concatenate(list(values.values()))
    low, high = np.quantile(pooled, lowest), np.quantile(pooled, 1 - highest)
    values = {b: np.clip(v, low, high) for b, v in values.items()}
    p = (1 + confidence) / 2
    rows = []
    for b, v in values.items():
        interval = stats.ttest_1samp(v, 0).confidence_interval(confidence)
        rows.append(row(b, None, None, None, v.mean(), interval.low, interval.high))
    for b, r in [("a", "b"), ("b", "a")]:
        x, y = values[b], values[r]
        interval = stats.ttest_ind(x, y, equal_var=False).confidence_interval(confidence)
        rows.append(row(b, r, "difference", None, x.mean() - y.mean(), interval.low, interval.high))
        uplift = log_interval(x.mean(), x.var(ddof=1) / len(x), len(x) - 1, y.mean(), y.var(ddof=1) / len(y), len(y) - 1, p)
        rows.append(row(b, r, "relative_uplift", None, *uplift))
    params = {"lowest": lowest, "highest": highest, "confidence_interval": confidence}
    return case(name, data, "winsorized_mean", params, rows)


def main():
    generator = np.random.default_rng(20260101)
    draw = lambda n, scale: np.round(generator.lognormal(0, scale, n), 4)
    small = {"a": {"v": [3.0, 1.0, 4.0, 1.5, 9.0, 2.5]}, "b": {"v": [2.0, 7.0, 1.0, 8.0, 2.5, 8.5, 1.75]}}
    nulls = {"a": {"v": [*draw(40, 1.0), np.nan, np.nan]}, "b": {"v": [*draw(25, 1.2), np.nan]}}
    ties = {"a": {"v": [0.0, 0, 0, 0, 0, 1, 1, 2, 2, 5, 9, 9]}, "b": {"v": [0.0, 0, 1, 1, 1, 2, 3, 3, 4, 4, 8, 9, 9, 9]}}
    negative = {"a": {"v": list(-draw(30, 0.5))}, "b": {"v": list(-draw(50, 0.5))}}
    larger = {"a": {"v": list(draw(300, 1.5))}, "b": {"v": list(draw(200, 1.0))}}
    cases = [
        quantiles("six and seven units: some ends are out of reach", small, [0.25, 0.5, 0.9], 0.9),
        quantiles("nulls are left out", nulls, [0.1, 0.5, 0.75], 0.95),
        quantiles("negative values", negative, [0.3, 0.5], 0.95, sign=-1),
        quantiles("ties", {b: {"v": [v + 1 for v in ties[b]["v"]]} for b in ties}, [0.4, 0.5], 0.8),
        quantiles("hundreds of units", larger, [0.5, 0.9, 0.95], 0.99),
        winsorized("upper end only", larger, 0.0, 0.005, 0.95),
        winsorized("both ends", larger, 0.05, 0.1, 0.9),
        winsorized("nulls left out, few units", nulls, 0.1, 0.0, 0.99),
        winsorized("negative means", negative, 0.01, 0.02, 0.95),
    ]
    with open("cases.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
