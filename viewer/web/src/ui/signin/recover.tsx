import { useState } from "preact/hooks";
import { browserName, engine } from "../engine";
import { words } from "../words";
import { AccountField, PasswordField } from "./fields";
import { cleanCrockford, KEY_LENGTH, keyGroups } from "./keytext";
import { PASSWORD_MIN, strengthOf } from "./strength";
import { Trouble } from "./trouble";
import { typedAccount } from "./typed";

export function Recover(props: { done: () => void; back: () => void }) {
  const w = words.value;
  const [key, setKey] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const clean = cleanCrockford(key);
  const { strength } = strengthOf(password);
  const ready =
    clean.length === KEY_LENGTH && [...password].length >= PASSWORD_MIN && typedAccount.value.trim() !== "";
  const keyHint =
    clean.length === 0
      ? w.recover.keyHint
      : clean.length < KEY_LENGTH
        ? w.recover.keyLeft(KEY_LENGTH - clean.length)
        : clean.length > KEY_LENGTH
          ? w.recover.keyLong
          : "";
  const send = async () => {
    if (!ready || busy) return;
    setBusy(true);
    setError(null);
    try {
      await engine().account.recover(
        typedAccount.value.trim(),
        keyGroups(clean).join("-"),
        password,
        browserName(),
      );
      setKey("");
      setPassword("");
      props.done();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const advice = { short: w.create.short, weak: w.create.weak, fair: w.create.fair, strong: w.create.strong };
  return (
    <>
      <div>
        <h1>{w.recover.h1}</h1>
        <p class="soft">{w.recover.why}</p>
      </div>
      <Trouble error={error} recovery />
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
          }}
        />
        <div class="field">
          <label for="reckey">{w.recover.key}</label>
          <textarea
            id="reckey"
            class="in mono"
            rows={2}
            autocomplete="off"
            autocapitalize="characters"
            spellcheck={false}
            value={key}
            aria-describedby="reckeyh"
            onInput={(event) => setKey(event.currentTarget.value)}
          />
          <span class="hint" id="reckeyh">
            {keyHint}
          </span>
        </div>
        <PasswordField
          label={w.recover.newPassword}
          value={password}
          change={setPassword}
          fresh
          hint={password ? advice[strength] : w.create.short}
        />
        <button type="submit" class="b main tall" aria-busy={busy} disabled={busy || !ready}>
          {busy ? w.signin.busy : w.recover.go}
        </button>
      </form>
      <div class="row ways">
        <button type="button" class="b bare flush" onClick={props.back}>
          {w.recover.have}
        </button>
      </div>
    </>
  );
}
