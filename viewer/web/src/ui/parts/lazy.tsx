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
    }, []);
    if (got) {
      const View = got;
      return <View {...props} />;
    }
    if (failed) {
      return (
        <main class="full" id="main">
          <div>
            <p role="alert">{words.value.errors.unreachable}</p>
            {/* A server that was renewed meanwhile has other files: only a fresh page knows their names. */}
            <button type="button" class="b main" onClick={() => location.reload()}>
              {words.value.common.reload}
            </button>
          </div>
        </main>
      );
    }
    return (
      <main aria-busy="true" id="main">
        {late ? <div class="still" /> : null}
      </main>
    );
  }
  Lazy.preload = () => {
    fetchIt().catch(() => undefined);
  };
  return Lazy;
}
