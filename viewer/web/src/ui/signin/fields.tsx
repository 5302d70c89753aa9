import { Eye, EyeOff } from "lucide-preact";
import { useId, useState } from "preact/hooks";
import { words } from "../words";

export function AccountField(props: {
  value: string;
  change: (value: string) => void;
  hint?: string;
  error?: string;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{words.value.signin.account}</label>
      <input
        id={id}
        class="in"
        name="account"
        autocomplete="username"
        autocapitalize="none"
        spellcheck={false}
        value={props.value}
        aria-describedby={`${id}h`}
        aria-invalid={props.error ? true : undefined}
        onInput={(event) => props.change(event.currentTarget.value)}
      />
      <span class={props.error ? "err" : "hint"} id={`${id}h`}>
        {props.error || props.hint}
      </span>
    </div>
  );
}

/* The eye's name says nothing of passwords, so that "Password" names one thing only. */
export function PasswordField(props: {
  label: string;
  value: string;
  change: (value: string) => void;
  fresh?: boolean;
  hint?: string;
}) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <div class="withend">
        <input
          id={id}
          class="in"
          name="password"
          type={shown ? "text" : "password"}
          autocomplete={props.fresh ? "new-password" : "current-password"}
          autocapitalize="none"
          spellcheck={false}
          value={props.value}
          aria-describedby={`${id}h`}
          onInput={(event) => props.change(event.currentTarget.value)}
        />
        <button
          type="button"
          class="ib"
          aria-label={words.value.signin.eye}
          title={words.value.signin.eye}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        >
          <Icon class="i" aria-hidden="true" />
        </button>
      </div>
      <span class="hint" id={`${id}h`}>
        {props.hint}
      </span>
    </div>
  );
}
