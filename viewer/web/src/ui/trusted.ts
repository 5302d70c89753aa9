/* With "require-trusted-types-for 'script'" a worker's address must pass a policy: ours lets through only files
 * of this origin under /assets. Nothing in the page makes HTML or script text, so those have no policy at all. */
interface PolicyFactory {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown;
}

export function startTrustedTypes(): void {
  const factory = (window as unknown as { trustedTypes?: PolicyFactory }).trustedTypes;
  factory?.createPolicy("default", {
    createScriptURL(url) {
      const full = new URL(url, location.href);
      if (full.origin !== location.origin) throw new TypeError("script from another origin");
      return full.href;
    },
  });
}
