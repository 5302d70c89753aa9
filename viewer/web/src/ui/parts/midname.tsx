/* A name that keeps its ending when there is no room for all of it. */
import { splitName } from "../format";

export function MidName(props: { name: string }) {
  const [head, tail] = splitName(props.name);
  return (
    <span class="mid" title={tail ? props.name : undefined}>
      <span>{head}</span>
      {tail ? <span>{tail}</span> : null}
    </span>
  );
}
