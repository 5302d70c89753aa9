// What this browser keeps: one small IndexedDB table of named values. Private keys in it are handles
// that script can use but not read.

const NAME = "hearth";
const TABLE = "kept";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("this browser keeps no data"));
    request.onblocked = () => reject(new Error("another tab holds the stored data"));
  });
}

async function run<T>(
  mode: IDBTransactionMode,
  work: (table: IDBObjectStore) => IDBRequest<T>[],
): Promise<T[]> {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(TABLE, mode, { durability: "strict" });
      const requests = work(transaction.objectStore(TABLE));
      transaction.oncomplete = () => resolve(requests.map((r) => r.result));
      transaction.onabort = () => reject(transaction.error ?? new Error("the browser refused to store"));
    });
  } finally {
    database.close();
  }
}

export async function read<T>(...names: string[]): Promise<(T | undefined)[]> {
  return (await run("readonly", (table) => names.map((name) => table.get(name)))) as (T | undefined)[];
}

/** All or none; a value of undefined removes its name. */
export async function write(values: Record<string, unknown>): Promise<void> {
  await run<unknown>("readwrite", (table) =>
    Object.entries(values).map(([name, value]) =>
      value === undefined
        ? (table.delete(name) as IDBRequest<unknown>)
        : (table.put(value, name) as IDBRequest<unknown>),
    ),
  );
}
