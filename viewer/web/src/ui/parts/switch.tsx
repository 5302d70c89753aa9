export function Switch(props: { on: boolean; name: string; change: (on: boolean) => void }) {
  return (
    <button
      type="button"
      class="hit"
      role="switch"
      aria-checked={props.on}
      aria-label={props.name}
      onClick={() => props.change(!props.on)}
    >
      <span class="sw" />
    </button>
  );
}

export function Choice<T extends string>(props: {
  name: string;
  value: T;
  options: { value: T; label: string }[];
  change: (value: T) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a flex row in every browser we serve
    <div class="seg" role="group" aria-label={props.name}>
      {props.options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === props.value}
          onClick={() => props.change(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
