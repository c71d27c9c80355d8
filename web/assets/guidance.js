// Somebody who folds the guidance finds it folded on every page until they open it. On a narrow screen it starts folded.
const A_YEAR = 31_536_000;
const WIDE = "(min-width: 48.0625em)";

export function rememberFolding(details) {
  if (!matchMedia(WIDE).matches) details.open = false;
  details.querySelector("summary").addEventListener("click", () => {
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `guidance=${details.open ? "folded" : "open"}; Path=/; Max-Age=${A_YEAR}; SameSite=Lax${secure}`;
  });
}
