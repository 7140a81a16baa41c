"""Writes what scikit-learn's LatentDirichletAllocation (batch variational Bayes) makes of small random counts.

    python generate.py OUT_DIR

Needs: scikit-learn. Writes OUT_DIR/lda.json: cases of counts [documents][words], the topics' initial parameters [topics][words], and after so many iterations the topics' parameters [topics][words] and the
documents' shares of topics [documents][topics]. scikit-learn draws the documents' initial parameters at random while it fits; here they begin with ones, as they do when it transforms.
"""
import json, os, sys
import numpy as np
from sklearn.decomposition import LatentDirichletAllocation


class FromOnes(LatentDirichletAllocation):
    initial = None

    def _init_latent_vars(self, n_features, dtype=np.float64):
        super()._init_latent_vars(n_features, dtype=dtype)
        self.components_ = self.initial.copy()
        from sklearn.decomposition._online_lda_fast import _dirichlet_expectation_2d
        self.exp_dirichlet_component_ = np.exp(_dirichlet_expectation_2d(self.components_))

    def _e_step(self, X, cal_sstats, random_init, parallel=None):
        return super()._e_step(X, cal_sstats=cal_sstats, random_init=False, parallel=parallel)


random = np.random.RandomState(7)
cases = []
for documents, words, topics, iterations in [(8, 12, 2, 1), (20, 30, 5, 10), (15, 25, 3, 40)]:
    # Each document has words of one or two groups, so that there is something to find.
    counts = np.zeros((documents, words), dtype=int)
    for document in range(documents):
        group = document % topics
        for _ in range(random.randint(5, 40)):
            here = random.rand() < 0.8
            word = (random.randint(words // topics) * topics + group) if here else random.randint(words)
            counts[document, word] += 1
    counts[documents - 1] = 0  # a document without words
    initial = random.gamma(100.0, 0.01, (topics, words))
    model = FromOnes(n_components=topics, max_iter=iterations, learning_method="batch", random_state=0)
    model.initial = initial
    model.fit(counts)
    cases.append(dict(counts=counts.tolist(), initial=initial.tolist(), iterations=iterations,
                      components=model.components_.tolist(), shares=model.transform(counts).tolist()))
json.dump(cases, open(os.path.join(sys.argv[1], "lda.json"), "w"))
