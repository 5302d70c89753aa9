/* Recovery keys as people type them: Crockford base32, any case, any spacing; O is 0, I and L are 1. */
export const KEY_GROUPS = 8;
export const KEY_LENGTH = 32; // characters

export function cleanCrockford(text: string): string {
  return text
    .toUpperCase()
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1")
    .replace(/[^0-9A-HJKMNP-TV-Z]/g, "");
}

export function keyGroups(key: string): string[] {
  const clean = key.replace(/[^0-9A-Za-z]/g, "").toUpperCase();
  return Array.from({ length: Math.ceil(clean.length / 4) }, (_, i) => clean.slice(i * 4, i * 4 + 4));
}
