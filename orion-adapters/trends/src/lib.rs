//! What is trending outside: Google Trends, Hacker News, Reddit, Wikipedia, YouTube, GitHub, X.
