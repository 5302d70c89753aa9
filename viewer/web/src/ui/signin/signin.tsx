import { Lock } from "lucide-preact";
import { useEffect, useState } from "preact/hooks";
import { browserName, engine } from "../engine";
import { arrival } from "../place";
import { words } from "../words";
import { AccountField, PasswordField } from "./fields";
import { Trouble } from "./trouble";
import { typedAccount } from "./typed";

export function SignIn(props: { done: () => void; create: () => void; recover: () => void }) {
  const w = words.value;
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [missing, setMissing] = useState(false);

  const send = async (account: string, secret: string) => {
    setMissing(!account || !secret);
    if (!account || !secret || busy) return;
    setBusy(true);
    setError(null);
    try {
      await engine().account.signIn(account, secret, browserName());
      setPassword("");
      props.done();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const came = arrival.value;
  useEffect(() => {
    if (!came?.account || !came.password) return;
    arrival.value = null; // used once
    typedAccount.value = came.account;
    void send(came.account, came.password);
  }, [came]);

  return (
    <>
      <div>
        <h1>{w.signin.h1}</h1>
        <p class="soft num">{w.signin.to(location.host)}</p>
      </div>
      <Trouble error={error} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(typedAccount.value.trim(), password);
        }}
      >
        <AccountField
          value={typedAccount.value}
          change={(value) => {
            typedAccount.value = value;
          }}
          error={missing ? w.signin.missing : ""}
        />
        <PasswordField label={w.signin.password} value={password} change={setPassword} />
        <button type="submit" class="b main tall" aria-busy={busy} disabled={busy}>
          {busy ? w.signin.busy : w.signin.go}
        </button>
      </form>
      <div class="row ways">
        <button type="button" class="b bare flush" onClick={props.create}>
          {w.signin.create}
        </button>
        <button type="button" class="b bare flush" onClick={props.recover}>
          {w.signin.recover}
        </button>
      </div>
      <p class="hint promise">
        <Lock class="i" aria-hidden="true" />
        <span>{w.signin.promise}</span>
      </p>
    </>
  );
}
