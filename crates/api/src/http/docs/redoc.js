Redoc.init("schema", { hideDownloadButton: false, nativeScrollbars: true }, document.getElementById("redoc"));
