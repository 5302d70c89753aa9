/* What a person drops or picks, as files with the folders they lie in. Folders are walked to their ends. */

export interface Gathered {
  file: File | null; // null: an empty folder
  folders: string[]; // names from the dropped thing down, without the file's own
}

export interface Dropped {
  list: Gathered[];
  cut: boolean; // there was more than FILES_MAX
  unread: string[]; // names the browser could not open
}

export const FILES_MAX = 20_000; // beyond this a drop is cut: the page's memory is bounded

export function fromInput(list: FileList | null): Gathered[] {
  return [...(list ?? [])].map((file) => ({
    file,
    folders: file.webkitRelativePath ? file.webkitRelativePath.split("/").slice(0, -1) : [],
  }));
}

/* Must be called inside the drop event: the list is empty afterwards. */
export async function fromDrop(data: DataTransfer): Promise<Dropped> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const found: Dropped = { list: [], cut: false, unread: [] };
  if (entries.every((entry) => entry === null)) return { ...found, list: fromInput(data.files) };
  for (const entry of entries) if (entry) await walk(entry, [], found);
  return found;
}

async function walk(entry: FileSystemEntry, folders: string[], found: Dropped): Promise<void> {
  if (found.list.length >= FILES_MAX) {
    found.cut = true;
    return;
  }
  try {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      found.list.push({ file, folders });
      return;
    }
    const inside = [...folders, entry.name];
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (let empty = true; ; empty = false) {
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) {
        if (empty) found.list.push({ file: null, folders: inside });
        return;
      }
      for (const next of some) await walk(next, inside, found);
    }
  } catch {
    found.unread.push(entry.name);
  }
}
