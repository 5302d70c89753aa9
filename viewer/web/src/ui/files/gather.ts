/* What a person drops or picks, as files with the folders they lie in. Folders are walked to their ends. */

export interface Gathered {
  file: File;
  folders: string[]; // names from the dropped thing down, without the file's own
}

const FILES_MAX = 20_000; // beyond this a drop is cut: the page's memory is bounded

export function fromInput(list: FileList | null): Gathered[] {
  return [...(list ?? [])].map((file) => ({
    file,
    folders: file.webkitRelativePath ? file.webkitRelativePath.split("/").slice(0, -1) : [],
  }));
}

/* Must be called inside the drop event: the list is empty afterwards. */
export async function fromDrop(data: DataTransfer): Promise<Gathered[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.every((entry) => entry === null)) return fromInput(data.files);
  const found: Gathered[] = [];
  for (const entry of entries) if (entry) await walk(entry, [], found);
  return found;
}

async function walk(entry: FileSystemEntry, folders: string[], found: Gathered[]): Promise<void> {
  if (found.length >= FILES_MAX) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    found.push({ file, folders });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return;
    for (const next of some) await walk(next, [...folders, entry.name], found);
  }
}
