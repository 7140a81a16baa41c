/**
 * Function words that say nothing of a text's subject: articles, conjunctions, prepositions, pronouns, auxiliaries and what apostrophes leave behind. Chosen by us by these classes; question
 * words are among them, words of time, place and negation that tell subjects apart ("not" aside) are not.
 */
const ENGLISH = `a an the and or but if nor so as than that this these those there then
of to in on at by for from with without into onto upon about between
i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
is am are was were be been being do does did doing have has had having can could will would shall should may might must
what which who whom whose when where why how not no such also
s t d ll m re ve don isn aren wasn weren doesn didn hasn haven hadn won wouldn couldn shouldn`;

/** The same classes in Chinese, both forms of writing: particles, conjunctions, prepositions, pronouns, the copula, measure and question words. */
const CHINESE = `的 地 得 了 着 著 过 過 吗 嗎 呢 吧 啊 呀 嘛 么 麼 之 其 所
和 与 與 及 以及 或 或者 而 且 并 並 而且 但 但是 如果 因为 因為 所以 则 則 即
在 于 於 对 對 对于 對於 从 從 向 由 以 为 為 被 把 将 將 按 按照 根据 根據 依照
我 你 您 他 她 它 我们 我們 你们 你們 他们 他們 它们 它們 自己 这 這 那 这个 這個 那个 那個 该 該 此
是 有 也 都 就 又 很 还 還 要 会 會 能 可以
什么 什麼 怎么 怎麼 怎样 怎樣 如何 哪 哪些 哪个 哪個 谁 誰 吗 多少 几 幾 个 個`;

export const STOP_WORDS: ReadonlySet<string> = new Set(`${ENGLISH} ${CHINESE}`.split(/\s+/));
