// An invitation's code comes after the # of its link, which browsers do not send: it goes into the form, and out of the
// address, so that it stays in no history.
"use strict";

const box = document.getElementById("code");
const code = location.hash.slice(1);
if (box && code) {
  box.value = code;
  history.replaceState(null, "", location.pathname);
}
