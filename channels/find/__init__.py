"""The outreach desk, /find: looking an answer up for somebody else, in two languages; cards, downloads, offline.

Only what may be served today is ever here (`shown.Selection`), verbatim. No sign-in, no cookie, nothing kept on the server;
no address, title or file name says what it is about.
"""
