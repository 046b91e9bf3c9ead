from postroom_testing.web import serve
