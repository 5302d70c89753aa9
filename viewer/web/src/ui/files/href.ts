import { placeHref } from "../place";

/* Folders have no address of their own: opened in a new tab, a link to one shows the files view. */
export const filesHref = placeHref({ at: "files", left: null, right: null });
