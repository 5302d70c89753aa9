/* One message for both fields, in the same words for an unknown account. */
import { HearthError } from "../../engine/api";
import { Note } from "../parts/note";
import { errorSentence, words } from "../words";

export function Trouble(props: { error: unknown; recovery?: boolean }) {
  const w = words.value;
  const { error } = props;
  if (!error) return null;
  if (!(error instanceof HearthError)) return <Note kind="bad" fact={errorSentence(error)} />;
  const wait = error.retryMs > 0 ? w.signin.wait(Math.ceil(error.retryMs / 1000)) : "";
  if (error.code === "wrong-password" || error.code === "denied" || error.code === "not-found") {
    return props.recovery ? (
      <Note kind="bad" fact={w.recover.wrong} todo={wait || w.recover.wrongDo} />
    ) : (
      <Note kind="bad" fact={w.signin.wrong} todo={wait || w.signin.wrongDo} />
    );
  }
  if (error.code === "unreachable" || error.code === "offline") {
    return <Note kind="bad" fact={w.signin.away(location.host)} todo={wait || w.signin.awayDo} />;
  }
  if (error.code === "identity-changed")
    return <Note kind="bad" fact={w.signin.changed} todo={w.signin.changedDo} />;
  return <Note kind="bad" fact={errorSentence(error)} todo={wait} />;
}
