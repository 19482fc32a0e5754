import helper

helper.main()
