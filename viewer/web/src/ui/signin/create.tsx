import { useEffect, useState } from "preact/hooks";
import { HearthError } from "../../engine/api";
import { browserName, engine } from "../engine";
import { words } from "../words";
import { AccountField, PasswordField } from "./fields";
import { RecoveryKey } from "./recoverykey";
import { PASSWORD_MIN, strengthOf } from "./strength";
import { Trouble } from "./trouble";
import { typedAccount } from "./typed";

const NAME = /^[a-z0-9](?:[a-z0-9.-]{1,30})[a-z0-9]$/i;

export function Create(props: { done: () => void; back: () => void }) {
  const w = words.value;
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [nameError, setNameError] = useState("");
  const [key, setKey] = useState("");
  const { strength, share } = strengthOf(password);

  // While keys are made or the recovery key is on screen, leaving the page asks first.
  useEffect(() => {
    if (!busy && !key) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [busy, key]);

  const send = async () => {
    const account = typedAccount.value.trim();
    if (!NAME.test(account)) {
      setNameError(w.create.badName);
      return;
    }
    if (busy || [...password].length < PASSWORD_MIN) return;
    setBusy(true);
    setError(null);
    setNameError("");
    try {
      const made = await engine().account.signUp(account, password, browserName());
      setPassword("");
      setKey(made.recoveryKey);
    } catch (failure) {
      if (failure instanceof HearthError && failure.code === "name-taken") setNameError(w.create.taken);
      else setError(failure);
    }
    setBusy(false);
  };

  if (key) {
    return (
      <RecoveryKey
        recoveryKey={key}
        done={() => {
          setKey("");
          props.done();
        }}
      />
    );
  }
  const advice = { short: w.create.short, weak: w.create.weak, fair: w.create.fair, strong: w.create.strong };
  return (
    <>
      <div>
        <p class="soft small">{w.create.step(1, 2)}</p>
        <h1>{w.create.h1}</h1>
      </div>
      <Trouble error={error} />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <AccountField
          value={typedAccount.value}
          change={(value) => {
            typedAccount.value = value;
            setNameError("");
          }}
          hint={w.create.hint}
          error={nameError}
        />
        <PasswordField
          label={w.signin.password}
          value={password}
          change={setPassword}
          fresh
          hint={password ? advice[strength] : w.create.short}
        />
        <span class={strength === "strong" ? "bar ok" : "bar"} aria-hidden="true">
          <i style={{ transform: `scaleX(${share})` }} />
        </span>
        <button type="submit" class="b main tall" aria-busy={busy} disabled={busy || strength === "short"}>
          {busy ? w.create.busy : w.create.go}
        </button>
      </form>
      <div class="row ways">
        <button type="button" class="b bare flush" onClick={props.back}>
          {w.create.have}
        </button>
      </div>
      <p class="hint">{w.create.note}</p>
    </>
  );
}
