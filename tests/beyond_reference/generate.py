"""Writes cases.json: small data and the numbers that statistics beyond the reference must give for it.

Needs numpy, scipy, pandas and statsmodels; the tests read only the file. Own quantile intervals come from scipy's quantile_test, comparisons of quantiles from
enumerating the two ranks, Welch's intervals from scipy's ttest_ind, adjusted ratios from statsmodels' least squares. Run it in this folder: python3 generate.py
"""

import json
from itertools import product

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
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


def once(confidence, tuned_for=None):
    """Half widths in standard errors, given degrees of freedom and units."""
    if tuned_for is None:
        return lambda freedom, units: stats.t.ppf((1 + confidence) / 2, freedom)
    alpha = 1 - confidence

    def always(freedom, units):
        rho2 = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / tuned_for
        return np.sqrt(2 * (units * rho2 + 1) / (units**2 * rho2) * np.log(np.sqrt(units * rho2 + 1) / alpha)) * np.sqrt(units)

    return always


def satterthwaite(vb, fb, vr, fr):
    return (vb + vr) ** 2 / (vb**2 / fb + vr**2 / fr)


def ratio(name, data, confidence, adjusted, tuned_for=None):
    frame = pd.concat([pd.DataFrame(columns).assign(branch=b) for b, columns in data.items()], ignore_index=True)
    frame = frame[frame["num"].notna() & frame["den"].notna()].copy()
    reach = once(confidence, tuned_for)
    ratios = {b: rows["num"].mean() / rows["den"].mean() for b, rows in frame.groupby("branch")}
    for b, rows in frame.groupby("branch"):
        frame.loc[rows.index, "z"] = ratios[b] + (rows["num"] - ratios[b] * rows["den"]) / rows["den"].mean()
    slope, means = 0.0, dict.fromkeys(ratios, 0.0)
    if adjusted:
        has = frame["num_pre"].notna() & frame["den_pre"].notna()
        pn, pd_ = frame["num_pre"].where(has), frame["den_pre"].where(has)
        pn, pd_ = pn.fillna(pn.mean()), pd_.fillna(pd_.mean())
        frame["x"] = (pn - pn.mean() / pd_.mean() * pd_) / pd_.mean()
        slope = smf.ols("z ~ C(branch) + x", frame).fit().params["x"]
        means = {b: rows["x"].mean() - frame["x"].mean() for b, rows in frame.groupby("branch")}
    estimates, rows = {}, []
    for b, group in frame.groupby("branch"):
        n = len(group)
        half = reach(n - 1, n) * np.sqrt(group["z"].var(ddof=1) / n)
        rows.append(row(b, None, None, None, ratios[b], ratios[b] - half, ratios[b] + half))
        residual = group["z"] - slope * group["x"] if adjusted else group["z"]
        estimates[b] = (ratios[b] - slope * means[b], residual.var(ddof=1) / n, n - 1, n)
    for b, r in [("a", "b"), ("b", "a")]:
        (mb, vb, fb, nb), (mr, vr, fr, nr) = estimates[b], estimates[r]
        half = reach(satterthwaite(vb, fb, vr, fr), nb + nr) * np.sqrt(vb + vr)
        rows.append(row(b, r, "difference", None, mb - mr, mb - mr - half, mb - mr + half))
        lb, lr = vb / mb**2, vr / mr**2
        half = reach(satterthwaite(lb, fb, lr, fr), nb + nr) * np.sqrt(lb + lr)
        rows.append(row(b, r, "relative_uplift", None, mb / mr - 1, mb / mr * np.exp(-half) - 1, mb / mr * np.exp(half) - 1))
    params = {"numerator": "num", "denominator": "den", "confidence_interval": confidence}
    if adjusted:
        params["covariate_adjustment"] = {"period": "preenrollment_week"}
    if tuned_for:
        params["tuned_for"] = tuned_for
    return case(name, data, "sequential_ratio" if tuned_for else "ratio", params, rows, metric="clicks_per_search")


def visits(generator, n, rate, before):
    """Correlated counts in both periods; some units have none before enrollment, some a null denominator."""
    level = generator.gamma(2, 1, n)
    count = lambda scale: generator.poisson(level * scale).astype(float)
    den, den_pre = 1 + count(5), 1 + count(4)
    num, num_pre = np.round(den * rate * generator.gamma(3, 1 / 3, n), 3), np.round(den_pre * 0.3 * generator.gamma(3, 1 / 3, n), 3)
    num_pre = np.round(0.6 * num + 0.4 * num_pre, 3)
    missing = generator.random(n) >= before
    num_pre[missing] = den_pre[missing] = np.nan
    den[:2] = np.nan
    return {"num": list(num), "den": list(den), "num_pre": list(num_pre), "den_pre": list(den_pre)}


def main():
    generator = np.random.default_rng(20260101)
    draw = lambda n, scale: np.round(generator.lognormal(0, scale, n), 4)
    small = {"a": {"v": [3.0, 1.0, 4.0, 1.5, 9.0, 2.5]}, "b": {"v": [2.0, 7.0, 1.0, 8.0, 2.5, 8.5, 1.75]}}
    nulls = {"a": {"v": [*draw(40, 1.0), np.nan, np.nan]}, "b": {"v": [*draw(25, 1.2), np.nan]}}
    ties = {"a": {"v": [0.0, 0, 0, 0, 0, 1, 1, 2, 2, 5, 9, 9]}, "b": {"v": [0.0, 0, 1, 1, 1, 2, 3, 3, 4, 4, 8, 9, 9, 9]}}
    negative = {"a": {"v": list(-draw(30, 0.5))}, "b": {"v": list(-draw(50, 0.5))}}
    larger = {"a": {"v": list(draw(300, 1.5))}, "b": {"v": list(draw(200, 1.0))}}
    clicks = {"a": visits(generator, 120, 0.3, 0.8), "b": visits(generator, 90, 0.35, 0.9)}
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
        ratio("no covariate", clicks, 0.95, False),
        ratio("adjusted for the ratio before enrollment", clicks, 0.9, True),
        ratio("two units", {b: {k: v[2:4] for k, v in columns.items()} for b, columns in clicks.items()}, 0.95, False),
        ratio("at every look", clicks, 0.95, False, tuned_for=500),
        ratio("at every look, adjusted", clicks, 0.99, True, tuned_for=100000),
    ]
    with open("cases.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
