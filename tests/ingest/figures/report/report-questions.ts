/** A question and the number of the figure that it asks for. */
export type ReportQuestion = readonly [question: string, figure: number];

/** By their captions, with and without their numbers: the first is the one for which all of this was made. */
export const BY_CAPTION: readonly ReportQuestion[] = [
  ['图4：中芯国际归母净利润情况概览', 4],
  ['图1：全球晶圆代工市场规模', 1],
  ['图2：中芯国际营业收入及增速', 2],
  ['图3：中芯国际毛利率与同业比较', 3],
  ['图5：公司研发投入占比', 5],
  ['图6：分地区收入构成', 6],
  ['图7：月产能与产能利用率', 7],
  ['图8：员工人数与学历结构', 8],
  ['中芯国际归母净利润情况概览', 4],
  ['全球晶圆代工市场规模', 1],
  ['研发投入占比', 5],
  ['员工人数与学历结构', 8],
];

/** In other words. */
export const BY_PARAPHRASE: readonly ReportQuestion[] = [
  ['芯片代工行业的市场总量有多大', 1],
  ['世界代工产业这几年的规模变化', 1],
  ['公司的销售额每年是多少，涨了多少', 2],
  ['中芯国际的收入增长情况', 2],
  ['公司的毛利和台积电等竞争对手相比如何', 3],
  ['同行的盈利水平对比', 3],
  ['归属母公司股东的利润走势', 4],
  ['中芯国际这几年赚了多少净利', 4],
  ['研究开发费用与销售额的比例', 5],
  ['公司在技术研发上花了多少钱', 5],
  ['各个区域客户贡献的收入份额', 6],
  ['收入来自哪些国家和地区', 6],
  ['工厂的开工率和每月产量', 7],
  ['晶圆厂产能用满了吗', 7],
  ['职工的受教育程度', 8],
  ['公司有多少博士和硕士', 8],
];

/** By words that stand in the figure alone, drawn as letters. */
export const BY_WORDS: readonly ReportQuestion[] = [
  ['台积电 联电 格芯 华虹', 3],
  ['美国区和欧亚区的占比', 6],
  ['本科员工占多少', 8],
];

/** By words that are pixels of the figure, which OCR reads. */
export const BY_PIXELS: readonly ReportQuestion[] = [
  ['疫情后补库存', 2],
  ['含政府补助与股份支付', 5],
  ['临港厂区和深圳厂区什么时候投产', 7],
  ['四季度和一季度相比', 7],
];

/** What asks for a figure by that word. */
export const FOR_A_FIGURE: readonly ReportQuestion[] = [
  ['全球代工市场规模的图', 1],
  ['哪张图显示了公司的销售额和增速', 2],
  ['给我看毛利率与同业比较的折线图', 3],
  ['归母净利润走势图', 4],
  ['图4里的净利润是怎么变化的', 4],
  ['有没有研发投入占比的图表？', 5],
  ['各地区收入份额的饼图', 6],
  ['如图7所示，产能利用率如何', 7],
  ['员工学历结构的图表在哪里', 8],
  ['Figure 6', 6],
  ['chart of the workforce by education, 员工学历', 8],
];
