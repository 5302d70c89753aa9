export function Mark() {
  return (
    <svg viewBox="0 0 40 40" fill="none" aria-hidden="true" class="mark">
      <path
        d="M12.6 32.4a14.5 14.5 0 1 1 14.8 0"
        stroke="currentColor"
        stroke-width="3.6"
        stroke-linecap="round"
      />
      <circle cx="20" cy="28.5" r="4.9" />
    </svg>
  );
}
