"""Writes the data and the expected numbers of tests/linear_models from independent implementations.

statsmodels 0.15.0 fits the model and its HC2 covariance, scipy 1.17.1 gives Welch's interval where there is no covariate; thresholds
and imputation are numpy's. Run from this folder: python generate.py
"""

import json

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats

rng = np.random.default_rng(11)


def cases():
    n = 240
    branch = rng.choice(["control", "a", "b"], n, p=[0.5, 0.3, 0.2])
    x = rng.lognormal(0, 1, n)
    spread = np.where(branch == "a", 2.0, np.where(branch == "b", 0.5, 1.0))
    y = 3 + 0.8 * x + spread * rng.gamma(1.5, 1.0, n) + 0.4 * (branch == "a")
    # Name, branches, values, covariates, drop_highest, type, and what is added to the values after the fit.
    yield "skewed", branch, y, x, 0.005, "FLOAT64", 0
    missing = x.copy()
    missing[rng.random(n) < 0.25] = np.nan
    yield "missing covariates", branch, y, missing, 0.02, "FLOAT64", 0
    yield "no clip", branch, y - 5.0, missing, 0.0, "FLOAT64", 0
    yield "whole numbers", branch, np.floor(2 * y), np.floor(3 * x), 0.03, "INT64", 0
    yield "large offset", branch, (1e9 + y) - 1e9, 1e6 + x, 0.0, "FLOAT64", 1e9
    few = np.array(["control"] * 5 + ["a"] * 3 + ["b"] * 2)
    yield "few", few, np.array([1.0, 4, 2, 7, 3, 9, 5, 6, 2, 8]), np.array([2.0, 3, 1, 6, 2, 8, np.nan, 5, 3, 6]), 0.0, "FLOAT64", 0


def clip(values, q, kind):
    known = values[~np.isnan(values)]
    threshold = np.quantile(known, 1 - q)
    if kind == "INT64":
        threshold = np.ceil(threshold)
    return np.where(values > threshold, threshold, values)


def satterthwaite(a, da, b, db):
    return (a + b) ** 2 / (a * a / da + b * b / db)


def expected(branch, y, x, q, kind, shift, adjust):
    y = clip(y, q, kind)
    names = list(dict.fromkeys(branch))
    design = pd.DataFrame({name: (branch == name).astype(float) for name in names})
    at = np.zeros(1)
    if adjust:
        x = clip(x, q, kind)
        at = np.nanmean(x)
        x = np.where(np.isnan(x), at, x)
        # Centred, so that the columns of the branches are the means at the covariate's mean.
        design["x"] = x - at
    fit = sm.OLS(y, design).fit(cov_type="HC2")
    influence = fit.get_influence()
    weights = fit.resid**2 / (1 - influence.hat_matrix_diag)
    cov = np.asarray(fit.cov_params())
    means, result = np.asarray(fit.params), []
    freedom, pieces = {}, {}
    for name in names:
        rows = branch == name
        freedom[name] = np.sum(1 - influence.hat_matrix_diag[rows])
        pieces[name] = np.sum(np.asarray(weights)[rows]) / rows.sum() ** 2
    for name in names:
        rows = branch == name
        m, n, s = y[rows].mean() + shift, rows.sum(), y[rows].std(ddof=1)
        half = stats.t.ppf(0.975, n - 1) * s / np.sqrt(n)
        result.append([name, None, None, m, m - half, m + half])
    for i, reference in enumerate(names):
        for j, name in enumerate(names):
            if i == j:
                continue
            df = satterthwaite(pieces[name], freedom[name], pieces[reference], freedom[reference])
            d = means[j] - means[i]
            half = stats.t.ppf(0.975, df) * np.sqrt(cov[j, j] + cov[i, i] - 2 * cov[i, j])
            if not adjust:
                welch = stats.ttest_ind(y[branch == name], y[branch == reference], equal_var=False).confidence_interval(0.95)
                assert np.allclose([welch.low, welch.high], [d - half, d + half], rtol=1e-7)
            result.append([name, "difference", reference, d, d - half, d + half])
            mb, mr = means[j] + shift, means[i] + shift
            r = mb / mr
            log = np.sqrt(cov[j, j] / mb**2 + cov[i, i] / mr**2 - 2 * cov[i, j] / (mb * mr))
            df = satterthwaite(pieces[name] / mb**2, freedom[name], pieces[reference] / mr**2, freedom[reference])
            t = stats.t.ppf(0.975, df)
            if r > 0:
                result.append([name, "relative_uplift", reference, d / mr] + [d / mr * np.exp(h) + np.expm1(h) for h in (-t * log, t * log)])
    return result


def text(values, kind):
    return [None if np.isnan(v) else (int(v) if kind == "INT64" else float(v)) for v in values]


out = []
for name, branch, y, x, q, kind, shift in cases():
    out.append({
        "name": name, "type": kind, "drop_highest": q, "branch": list(branch), "y": text(y + shift, kind), "x": text(x, kind),
        "plain": expected(branch, y, x, q, kind, shift, False), "adjusted": expected(branch, y, x, q, kind, shift, True),
    })
with open("expected.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(case) for case in out) + "\n]\n")
