/* Shows dots only when waiting is long enough to be noticed. */
import { useEffect, useState } from "preact/hooks";

export function useLate(on: boolean, afterMs: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!on) return;
    const timer = setTimeout(() => setLate(true), afterMs);
    return () => clearTimeout(timer);
  }, [on, afterMs]);
  return on && late;
}
