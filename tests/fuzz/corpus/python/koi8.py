# coding: koi8-r
x = "И"
