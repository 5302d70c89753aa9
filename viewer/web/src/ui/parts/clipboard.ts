/* The browser's clipboard, which may be shut: every call says whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/* Without permission or outside a secure context a selected field can still be copied from a press. */
function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.className = "sr";
  field.value = text;
  const host = document.querySelector("dialog[open]") ?? document.body;
  const before = document.activeElement;
  host.append(field);
  field.select();
  const ok = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return ok;
}

export async function readText(): Promise<string | null> {
  try {
    return await navigator.clipboard.readText();
  } catch {
    return null;
  }
}
