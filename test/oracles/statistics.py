"""Intervals, tests and scores by scipy, and plain numpy where scipy has none."""
import numpy as np
import scipy.stats

import exchange


def ece(probabilities, labels, bins):
    top, confidence = probabilities.argmax(1), probabilities.max(1)
    edges = np.linspace(0, 1, bins + 1)
    where = np.digitize(confidence, edges[1:-1], right=True)
    rows = [(where == b) for b in range(bins)]
    return float(sum(abs((top[r] == labels[r]).mean() - confidence[r].mean()) * r.mean() for r in rows if r.any()))


def answer(request, arrays):
    kind = request["kind"]
    if kind == "wilson":
        return [list(scipy.stats.binomtest(k, n).proportion_ci(0.95, "wilson")) for k, n in request["cases"]]
    if kind == "mcnemar":
        exact = [float(scipy.stats.binomtest(min(b, c), b + c, 0.5).pvalue) if b + c else 1.0 for b, c in request["cases"]]
        corrected = [float(scipy.stats.chi2.sf(max(0, abs(b - c) - 1) ** 2 / (b + c), 1)) if b + c else 1.0 for b, c in request["cases"]]
        return {"exact": exact, "corrected": corrected}
    if kind == "chi-squared":
        return [float(scipy.stats.chi2.sf(x, 1)) for x in request["cases"]]
    if kind == "log-gamma":
        return [float(scipy.special.gammaln(x)) for x in request["cases"]]
    if kind == "poisson":
        # The table's draws at given uniform numbers are scipy's inverse distribution function.
        return [[int(k) for k in scipy.stats.poisson.ppf(request["uniforms"], mean)] for mean in request["means"]]
    if kind == "bootstrap":
        # Images drawn one by one, as the definition says; ours draws counts.
        first, second = arrays
        rng = np.random.default_rng(0)
        d = second.astype(float) - first
        means = [d[rng.integers(0, len(d), len(d))].mean() for _ in range(request["resamples"])]
        return [float(v) for v in np.percentile(means, [2.5, 97.5])]
    if kind == "student":
        quantiles = [float(scipy.stats.t.ppf(1 - outside / 2, df)) for outside, df in request["quantiles"]]
        tails = [float(2 * scipy.stats.t.sf(abs(t), df)) for t, df in request["tails"]]
        return {"quantiles": quantiles, "tails": tails}
    if kind == "beta":
        return [float(scipy.special.betainc(a, b, x)) for x, a, b in request["cases"]]
    if kind == "paired-t":
        answers = []
        for first, second in request["cases"]:
            test = scipy.stats.ttest_rel(second, first)
            low, high = test.confidence_interval(0.95)
            answers.append([float(test.pvalue), float(low), float(high)])
        return answers
    if kind == "holm":
        # By the definition: step down, and never below the one before.
        answers = []
        for p in request["cases"]:
            p = np.array(p)
            order = np.argsort(p, kind="stable")
            stepped = np.minimum(1, np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))))
            adjusted = np.empty(len(p))
            adjusted[order] = stepped
            answers.append([float(v) for v in adjusted])
        return answers
    if kind == "crossed-bootstrap":
        # Seeds and images drawn one by one, the images once for all seeds of a resample; ours counts patterns.
        d = arrays[0].astype(float)
        rng = np.random.default_rng(0)
        seeds, images = d.shape
        means = [d[rng.integers(0, seeds, seeds)][:, rng.integers(0, images, images)].mean() for _ in range(request["resamples"])]
        return [float(v) for v in np.percentile(means, [2.5, 97.5])]
    if kind == "nested-bootstrap":
        d = arrays[0].astype(float)
        rng = np.random.default_rng(0)
        seeds, images = d.shape
        means = [np.mean([d[s][rng.integers(0, images, images)].mean() for s in rng.integers(0, seeds, seeds)]) for _ in range(request["resamples"])]
        return [float(v) for v in np.percentile(means, [2.5, 97.5])]
    if kind == "scores":
        probabilities, labels = arrays[0].astype(float), arrays[1].astype(int)
        n, k = probabilities.shape
        order = np.argsort(-probabilities, axis=1, kind="stable")
        one_hot = np.eye(k)[labels]
        predicted = order[:, 0]
        confusion = np.zeros((k, k), int)
        np.add.at(confusion, (labels, predicted), 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            recall = np.diag(confusion) / confusion.sum(1)
            precision = np.diag(confusion) / confusion.sum(0)
            f1 = 2 * precision * recall / (precision + recall)
        clean = lambda values: [None if np.isnan(v) else float(v) for v in values]
        return {
            "accuracy": float((predicted == labels).mean()),
            "balanced": float(np.nanmean(recall)),
            "top": {str(t): float((order[:, :t] == labels[:, None]).any(1).mean()) for t in (2, 3, 5)},
            "nll": float(-np.log(np.maximum(probabilities[np.arange(n), labels], 1e-12)).mean()),
            "brier": float(((probabilities - one_hot) ** 2).sum(1).mean()),
            "ece": ece(probabilities, labels, 15),
            "confusion": confusion.tolist(),
            "recall": clean(recall), "precision": clean(precision), "f1": clean(f1),
        }
    raise ValueError(kind)


requests, arrays = exchange.read()
answers = []
for request in requests:
    own = [arrays[i] for i in request.get("arrays", [])]
    answers.append(answer(request, own))
exchange.write(answers)
