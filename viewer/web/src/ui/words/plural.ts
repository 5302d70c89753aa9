/* One rule set per language, made once. */
const rules = new Map<string, Intl.PluralRules>();

export function plural(
  lang: string,
  count: number,
  forms: { one: string; other: string; many?: string },
): string {
  let rule = rules.get(lang);
  if (!rule) {
    rule = new Intl.PluralRules(lang);
    rules.set(lang, rule);
  }
  const kind = rule.select(count);
  if (kind === "one") return forms.one;
  return kind === "many" && forms.many ? forms.many : forms.other;
}
