/** Ways in which models say that the documents do not say, at the beginning of an answer. */
const REFUSALS: readonly RegExp[] = [
  /^\W*(?:(?:i(?:['’]m| am) )?sorry\W+)?(?:but )?(?:unfortunately\W+)?(?:(?:in|from|based on|according to) )?(?:the )?(?:provided |given |supplied |available )*(?:documents?|context|texts?|passages?|sources?|information)(?: provided| given)?(?:,? there is no (?:information|mention)| (?:do(?:es)?|did|is|are)(?:n['’]t| not| no) (?:\w+ )?(?:say|mention|contain|provide|specify|state|answer|include|give|enough|sufficient))/iu,
  /^\W*(?:(?:the )?(?:answer|information) (?:is|was) not|there is no (?:information|mention|answer)|(?:it is |this is )?not (?:mentioned|stated|specified|given|provided|said) in|no (?:information|answer)|unknown\W*$|i (?:do not|don['’]t|cannot|can['’]t|could not) (?:know|find|answer|determine))/iu,
  /^[^\p{L}\p{N}]*(?:很?抱歉[，,]?)?(?:根据|在|从)?(?:所给|提供|给出|上述|以上|这些|现有|已知|给定)?的?(?:文档|文件|资料|材料|文本|上下文|信息|内容)(?:中|里|内)?[^。！？]{0,6}(?:没有|未|无法|并未|不包含|不足)/u,
  /^[^\p{L}\p{N}]*(?:没有(?:相关|找到|提到|提及)|未(?:提及|提到|说明|找到)|无法(?:回答|确定|得知)|不知道|文中没有|文中未)/u,
];

/** Whether an answer begins by saying that the documents do not answer. */
export function isRefusalText(text: string): boolean {
  return REFUSALS.some((pattern) => pattern.test(text));
}
