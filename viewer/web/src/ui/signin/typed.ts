import { signal } from "@preact/signals";

/* The account's name, typed once and kept while the person changes between the ways in; never stored. */
export const typedAccount = signal("");
