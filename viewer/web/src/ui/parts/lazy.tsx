/* A view that is fetched when first shown. While it comes: nothing for 300 ms, then a still plate. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { words } from "../words";
import { useLate } from "./busy";

type Load<P> = () => Promise<ComponentType<P>>;

export function lazyView<P extends object>(load: Load<P>): ComponentType<P> & { preload: () => void } {
  let got: ComponentType<P> | null = null;
  let coming: Promise<void> | null = null;
  const fetchIt = () => {
    coming ??= load().then(
      (view) => {
        got = view;
      },
      (error: unknown) => {
        coming = null; // the next try may succeed
        throw error;
      },
    );
    return coming;
  };
  function Lazy(props: P) {
    const [, bump] = useState(0);
    const [failed, setFailed] = useState(false);
    const [round, setRound] = useState(0);
    const late = useLate(!got, 300);
    useEffect(() => {
      let alive = true;
      if (!got) {
        fetchIt().then(
          () => alive && bump((count) => count + 1),
          () => alive && setFailed(true),
        );
      }
      return () => {
        alive = false;
      };
    }, [round]);
    if (got) {
      const View = got;
      return <View {...props} />;
    }
    if (failed) {
      return (
        <main class="full">
          <div>
            <p role="alert">{words.value.errors.unreachable}</p>
            <button
              type="button"
              class="b main"
              onClick={() => {
                setFailed(false);
                setRound(round + 1);
              }}
            >
              {words.value.common.tryAgain}
            </button>
          </div>
        </main>
      );
    }
    return <main aria-busy="true">{late ? <div class="still" /> : null}</main>;
  }
  Lazy.preload = () => {
    fetchIt().catch(() => undefined);
  };
  return Lazy;
}
