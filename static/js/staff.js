// Keys of the desk. Everything works without this file; nothing is stored in the browser.
"use strict";
