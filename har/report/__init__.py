"""Pages, figures and Markdown: shows results, computes none.

Read `section` and `pages.run`; a page's parts are the modules of `sections`. `style`, `drawing`,
`wording` and `templating` are how it looks; `facts` is what several pages tell; `signal_panels`
draws windows, `timeline_figure` recordings, whose figures `recording_figures` puts into words.
"""
