import { initAll, isSupported } from "./govuk-frontend.min.js";

// GOV.UK's page template does this in an inline script, which our content security policy refuses.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}

if (isSupported()) {
  initAll();
}
